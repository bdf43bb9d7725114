#include "autograd/tensor.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "autograd/random.h"

namespace autograd::inline LOWRANK_PRECISION {

Shape::Shape(std::initializer_list<Index> sizes) : Shape(std::span(sizes.begin(), sizes.size())) {}

Shape::Shape(std::span<const Index> sizes) : rank_(static_cast<int>(sizes.size())) {
  if (sizes.size() > sizes_.size())
    throw ShapeError(fmt::format("a shape has at most 4 sizes, not {}", sizes.size()));
  if (std::any_of(sizes.begin(), sizes.end(), [](Index n) { return n < 0; }))
    throw ShapeError(fmt::format("a shape has no negative sizes: ({})", fmt::join(sizes, ",")));
  std::copy(sizes.begin(), sizes.end(), sizes_.begin());
}

Index Shape::operator[](int i) const {
  if (i < 0 || i >= rank_) throw ShapeError(fmt::format("{} has no size {}", str(), i));
  return sizes_[static_cast<std::size_t>(i)];
}

Index Shape::rows() const {
  Index rows = 1;
  for (int i = 0; i + 1 < rank_; ++i) rows *= (*this)[i];
  return rows;
}

std::string Shape::str() const {
  return fmt::format("({})", fmt::join(sizes_.begin(), sizes_.begin() + rank_, ","));
}

Tensor::Tensor(Shape s, std::initializer_list<Scalar> row_major) : Tensor(s) {
  if (static_cast<Index>(row_major.size()) != s.size())
    throw ShapeError(fmt::format("{} values for the shape {}", row_major.size(), s.str()));
  std::copy(row_major.begin(), row_major.end(), m.data());
}

Scalar Tensor::item() const {
  if (size() != 1)
    throw ShapeError(fmt::format("item() wants one element, the shape is {}", shape.str()));
  return m(0, 0);
}

std::uint64_t checksum(const Tensor& tensor) {
  return fnv1a(
      {reinterpret_cast<const char*>(tensor.m.data()), static_cast<std::size_t>(tensor.bytes())});
}

}  // namespace autograd::inline LOWRANK_PRECISION
