#include "own/a0_tooling.h"

#include <cmath>
#include <stdexcept>

namespace course {

Matrix log_sum_exp_rows(const Matrix& x) {
  Matrix result(x.rows(), 1);
  for (Index i = 0; i < x.rows(); ++i) {
    const double largest = x.row(i).maxCoeff();
    const double shift = std::isfinite(largest) ? largest : 0;
    // Not Eigen's exp of an array: where that takes several numbers at once, it is 2e-308 at -infinity.
    const auto exponential = [shift](double v) { return std::exp(v - shift); };
    result(i, 0) = shift + std::log(x.row(i).unaryExpr(exponential).sum());
  }
  return result;
}

Matrix softmax_rows(const Matrix& x) {
  Matrix result(x.rows(), x.cols());
  for (Index i = 0; i < x.rows(); ++i) {
    const double largest = x.row(i).maxCoeff();
    result.row(i) = x.row(i).unaryExpr([largest](double v) { return std::exp(v - largest); });
    result.row(i) /= result.row(i).sum();
  }
  return result;
}

Matrix central_differences(const std::function<double(const Matrix&)>& f, const Matrix& x,
                           double h) {
  Matrix moved = x, gradient(x.rows(), x.cols());
  for (Index i = 0; i < x.rows(); ++i) {
    for (Index j = 0; j < x.cols(); ++j) {
      moved(i, j) = x(i, j) + h;
      const double above = f(moved);
      moved(i, j) = x(i, j) - h;
      const double below = f(moved);
      moved(i, j) = x(i, j);
      gradient(i, j) = (above - below) / (2 * h);
    }
  }
  return gradient;
}

}  // namespace course
