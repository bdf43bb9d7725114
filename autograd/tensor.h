#pragma once

#include <array>
#include <cstdint>
#include <initializer_list>
#include <span>
#include <stdexcept>
#include <string>

#include "autograd/scalar.h"

namespace autograd::inline LOWRANK_PRECISION {

/// A disagreement between shapes; the message names the operation and the shapes.
struct ShapeError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// Sizes of a tensor, outermost first, at most four; the shape () is a scalar's.
class Shape {
 public:
  Shape() = default;
  Shape(std::initializer_list<Index> sizes);  ///< throws ShapeError on rank > 4 or size < 0
  explicit Shape(std::span<const Index> sizes);

  int rank() const { return rank_; }
  Index operator[](int i) const;  ///< throws ShapeError where i is not in 0..rank()-1
  Index cols() const { return rank_ == 0 ? 1 : (*this)[rank_ - 1]; }  ///< the last size
  Index rows() const;                                                 ///< the product of the others
  Index size() const { return rows() * cols(); }
  std::string str() const;  ///< "(2,3)"
  bool operator==(const Shape&) const = default;

 private:
  std::array<Index, 4> sizes_{};
  int rank_ = 0;
};

/// A value with one owner. The elements lie in a row-major matrix whose columns are the last
/// dimension and whose rows are all the others, so that (B,T,C) is a (B*T, C) matrix and one head
/// of one batch row is the block m.block(b*T, h*hs, T, hs). A default-constructed tensor is empty:
/// it has no elements, and the shape (0).
struct Tensor {
  Shape shape = {0};
  Matrix m;

  Tensor() = default;
  explicit Tensor(Shape s) : shape(s), m(Matrix::Zero(s.rows(), s.cols())) {}
  Tensor(Shape s, std::initializer_list<Scalar> row_major);

  bool empty() const { return m.size() == 0; }
  Index size() const { return m.size(); }
  Index bytes() const { return m.size() * static_cast<Index>(sizeof(Scalar)); }
  Index rows() const { return m.rows(); }
  Index cols() const { return m.cols(); }
  Scalar item() const;  ///< the element of a one-element tensor; throws ShapeError otherwise
};

/// A 64-bit hash of the bytes of the elements (FNV-1a).
std::uint64_t checksum(const Tensor& tensor);

}  // namespace autograd::inline LOWRANK_PRECISION
