#pragma once

#include <vector>

#include "autograd/scalar.h"

/// What question q9 of assignment a1 asks for: a gradient check of your own.
namespace course {

using autograd::Index;
using autograd::Matrix;

/// A function of some matrices, with the backward that somebody wrote for it. Nobody promises that
/// it is right.
struct Checkable {
  virtual ~Checkable() = default;
  virtual Matrix forward(const std::vector<Matrix>& x) const = 0;
  /// What should be the gradient of the sum of the elements of u ∘ forward(x), for each input in
  /// turn.
  virtual std::vector<Matrix> backward(const std::vector<Matrix>& x, const Matrix& u) const = 0;
};

/// Whether f.backward is the gradient of f.forward at x, as far as difference quotients can tell. An
/// element that is off by more than a thousandth of max(1, its size) is found; a right one passes
/// with inputs and gradients up to 1000.
bool gradient_is_right(const Checkable& f, const std::vector<Matrix>& x);

}  // namespace course
