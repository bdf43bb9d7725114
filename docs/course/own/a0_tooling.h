#pragma once

#include <functional>

#include "autograd/scalar.h"

/// What assignment a0 asks for. A Matrix is row-major: element (i, j) of m is m(i, j), row i is
/// m.row(i).
namespace course {

using autograd::Index;
using autograd::Matrix;

/// The logarithm of the sum of exponentials of each row: (M,N) -> (M,1). Nothing overflows or
/// vanishes on the way: a row of a thousand thousands has a result. A row of -infinity alone has the
/// result -infinity.
Matrix log_sum_exp_rows(const Matrix& x);

/// Each row of the result is positive and sums to 1: (M,N) -> (M,N). An element that is -infinity
/// has the result 0; each row has one that is not.
Matrix softmax_rows(const Matrix& x);

/// The gradient of f at x by central differences with the step h, each element in turn: of the
/// shape of x.
Matrix central_differences(const std::function<double(const Matrix&)>& f, const Matrix& x,
                           double h);

}  // namespace course
