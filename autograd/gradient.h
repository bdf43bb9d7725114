#pragma once

#include "autograd/scalar.h"

namespace autograd::inline AUTOGRAD_PRECISION {

/// A part of a gradient that an op adds to. What is added first is assigned instead: the memory
/// then holds nothing yet, and need not be zeroed before.
struct GradientPart {
  Eigen::Ref<Matrix, 0, Eigen::OuterStride<>> m;
  bool first;

  template <class Expression>
  void operator+=(const Eigen::DenseBase<Expression>& dx) {
    if (first)
      m = dx.derived().matrix();
    else
      m += dx.derived().matrix();
  }
};

/// The gradient of one input of an op, or nothing (false) where nothing trains under that input. An
/// op adds once to every element.
struct Gradient {
  Matrix* m = nullptr;
  bool first = false;

  explicit operator bool() const { return m != nullptr; }
  template <class Expression>
  void operator+=(const Eigen::DenseBase<Expression>& dx) const {
    if (first)
      *m = dx.derived().matrix();
    else
      *m += dx.derived().matrix();
  }

  operator GradientPart() const { return {*m, first}; }
  GradientPart rows(Index begin, Index count) const { return {m->middleRows(begin, count), first}; }
  GradientPart block(Index row, Index col, Index rows, Index cols) const {
    return {m->block(row, col, rows, cols), first};
  }
};

}  // namespace autograd::inline AUTOGRAD_PRECISION
