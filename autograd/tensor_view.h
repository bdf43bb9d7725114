#pragma once

#include <fmt/format.h>

#include <unsupported/Eigen/CXX11/Tensor>

#include "autograd/tensor.h"

/// Read-only views by all indices, for analysis and debugging: view3(x)(b, t, c) is
/// x.m(b * T + t, c). In a header of its own, because Eigen's Tensor module is slow to compile. A
/// view must not outlive its tensor.
namespace autograd::inline LOWRANK_PRECISION {

template <int rank>
using TensorView = Eigen::TensorMap<const Eigen::Tensor<Scalar, rank, Eigen::RowMajor, Index>>;

/// A view of a tensor of that rank; throws ShapeError for one of another rank.
template <int rank>
TensorView<rank> view(const Tensor& tensor) {
  if (tensor.shape.rank() != rank)
    throw ShapeError(fmt::format("view{}: the shape is {}", rank, tensor.shape.str()));
  std::array<Index, rank> sizes{};
  for (int i = 0; i < rank; ++i) sizes[static_cast<std::size_t>(i)] = tensor.shape[i];
  return {tensor.m.data(), sizes};
}

inline TensorView<3> view3(const Tensor& tensor) { return view<3>(tensor); }
inline TensorView<4> view4(const Tensor& tensor) { return view<4>(tensor); }

// A temporary would be gone before its view.
TensorView<3> view3(Tensor&&) = delete;
TensorView<4> view4(Tensor&&) = delete;

}  // namespace autograd::inline LOWRANK_PRECISION
