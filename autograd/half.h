#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <vector>

#include "autograd/tensor.h"

/// Numbers in 16 bits, for weights that nothing trains. They are computed with as floats, which they
/// become again a few rows at a time: the whole matrix in floats would take back what was spared.
namespace autograd::inline LOWRANK_PRECISION {

/// F16 is IEEE 754's binary16: 11 significant bits, up to 65504. BF16 is the upper half of a float:
/// 8 significant bits, as large as a float may be.
enum class HalfType { f16, bf16 };
std::string to_string(HalfType type);  ///< "F16" or "BF16"

/// A matrix (N,K) in 16 bits an element, row-major. Nothing changes it once it is made.
struct HalfMatrix {
  HalfType type = HalfType::f16;
  Shape shape;
  std::vector<std::uint16_t> bits;

  Index rows() const { return shape.rows(); }
  Index cols() const { return shape.cols(); }
  Index size() const { return shape.size(); }

  /// The rows from `begin`, as many as `floats` (n,K) has, and all of them. Exact: a float holds
  /// every number of both types.
  void convert_rows(Index begin, Eigen::Ref<Matrix> floats) const;
  Tensor take_rows(std::span<const int> ids) const;  ///< (n,K); throws as the op take_rows
  Tensor tensor() const;
};

/// The elements, each rounded to the nearest, of two as near to the even one; exact for what came
/// from this type. Throws std::range_error, naming the value, where one is no finite number of the
/// type.
HalfMatrix rounded_to(HalfType type, const Tensor& floats);

}  // namespace autograd::inline LOWRANK_PRECISION
