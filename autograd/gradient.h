#pragma once

#include "autograd/scalar.h"

namespace autograd::inline LOWRANK_PRECISION {

/// The gradient of one input of an op, or a part of it, to add to. False where nothing trains under
/// that input, so that asking for it is the freeze check.
///
/// An op adds, since a value that is used twice receives two gradients. While nobody has added yet
/// the memory is fresh: it holds anything, so `+=` assigns there. An op therefore adds once to
/// every element, or adds in pieces to zeroed().
class Gradient {
 public:
  /// Rows of a matrix, or of a block of one.
  using View = Eigen::Map<Matrix, 0, Eigen::OuterStride<>>;

  Gradient() = default;
  Gradient(const Gradient&) = default;
  Gradient& operator=(const Gradient&) = delete;  // Eigen's would copy elements
  Gradient(View sum, bool is_fresh) : sum_(sum), is_fresh_(is_fresh) {}
  Gradient(Matrix& sum, bool is_fresh)
      : Gradient(View(sum.data(), sum.rows(), sum.cols(), Eigen::OuterStride<>(sum.cols())),
                 is_fresh) {}

  explicit operator bool() const { return sum_.data() != nullptr; }
  Index rows() const { return sum_.rows(); }
  Index cols() const { return sum_.cols(); }

  template <class Expression>
  void operator+=(const Eigen::DenseBase<Expression>& dx) {
    if (is_fresh_)
      sum_ = dx.derived().matrix();
    else
      sum_ += dx.derived().matrix();
  }
  template <class Expression>
  void operator-=(const Eigen::DenseBase<Expression>& dx) {
    if (is_fresh_)
      sum_ = -dx.derived().matrix();
    else
      sum_ -= dx.derived().matrix();
  }

  Gradient row(Index i) const { return rows(i, 1); }
  Gradient rows(Index begin, Index count) const { return block(begin, 0, count, cols()); }
  Gradient block(Index row, Index col, Index rows, Index cols) const {
    const Index stride = sum_.outerStride();
    Scalar* first = sum().data() + row * stride + col;
    return {View(first, rows, cols, Eigen::OuterStride<>(stride)), is_fresh_};
  }

  /// The sum so far, with zeros for what nobody has added to.
  View zeroed() {
    if (is_fresh_) sum_.setZero();
    is_fresh_ = false;
    return sum_;
  }

  bool is_fresh() const { return is_fresh_; }
  View sum() const { return sum_; }  ///< anything, while it is fresh

 private:
  View sum_{nullptr, 0, 0, Eigen::OuterStride<>(0)};
  bool is_fresh_ = false;
};

}  // namespace autograd::inline LOWRANK_PRECISION
