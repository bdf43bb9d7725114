// Functions with a backward, right and wrong, on which a gradient check is tried (question a1.q9).
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "own/a1_gradient_check.h"

namespace course {

using Matrices = std::vector<Matrix>;

/// A Checkable of two functions.
template <class Forward, class Backward>
struct Made final : Checkable {
  Forward f;
  Backward b;
  Made(Forward forward, Backward backward) : f(std::move(forward)), b(std::move(backward)) {}
  Matrix forward(const Matrices& x) const override { return f(x); }
  Matrices backward(const Matrices& x, const Matrix& u) const override { return b(x, u); }
};
template <class Forward, class Backward>
std::unique_ptr<Checkable> made(Forward forward, Backward backward) {
  return std::make_unique<Made<Forward, Backward>>(std::move(forward), std::move(backward));
}

inline Matrix softmax_of_rows(const Matrix& x) {
  Matrix y = x.array().exp();
  for (Index i = 0; i < y.rows(); ++i) y.row(i) /= y.row(i).sum();
  return y;
}

// y_ij = x_i0 + .. + x_ij
inline Matrix running_sums(const Matrix& x) {
  Matrix y = x;
  for (Index j = 1; j < y.cols(); ++j) y.col(j) += y.col(j - 1);
  return y;
}

/// By name: what stands before the first dash is the function, "right" or a mistake behind it.
inline std::unique_ptr<Checkable> checkable(const std::string& name) {
  const auto tanh = [](const Matrices& x) -> Matrix {
    return x[0].unaryExpr([](double e) { return std::tanh(e); });
  };
  const auto softmax = [](const Matrices& x) { return softmax_of_rows(x[0]); };
  const auto quotient = [](const Matrices& x) -> Matrix { return x[0].cwiseQuotient(x[1]); };
  const auto sums = [](const Matrices& x) { return running_sums(x[0]); };
  const auto squares = [](const Matrices& x) -> Matrix {
    return Matrix::Constant(1, 1, x[0].squaredNorm());
  };

  const auto tanh_back = [tanh](const Matrices& x, const Matrix& u) {
    return Matrices{u.array() * (1 - tanh(x).array().square())};
  };
  const auto softmax_back = [](const Matrices& x, const Matrix& u) {
    const Matrix y = softmax_of_rows(x[0]);
    Matrix dx = u;
    for (Index i = 0; i < dx.rows(); ++i)
      dx.row(i) = y.row(i).array() * (u.row(i).array() - u.row(i).dot(y.row(i)));
    return Matrices{dx};
  };
  const auto quotient_back = [](const Matrices& x, const Matrix& u) {
    return Matrices{u.cwiseQuotient(x[1]), -u.cwiseProduct(x[0]).cwiseQuotient(x[1].cwiseAbs2())};
  };
  const auto sums_back = [](const Matrices&, const Matrix& u) {
    Matrix dx = u;
    for (Index j = dx.cols() - 2; j >= 0; --j) dx.col(j) += dx.col(j + 1);
    return Matrices{dx};
  };
  const auto squares_back = [](const Matrices& x, const Matrix& u) {
    return Matrices{2 * u(0, 0) * x[0]};
  };

  if (name == "tanh-right") return made(tanh, tanh_back);
  if (name == "softmax-right") return made(softmax, softmax_back);
  if (name == "quotient-right") return made(quotient, quotient_back);
  if (name == "sums-right") return made(sums, sums_back);
  if (name == "squares-right") return made(squares, squares_back);
  if (name == "constant-right")
    return made([](const Matrices&) -> Matrix { return Matrix::Ones(2, 2); },
                [](const Matrices& x, const Matrix&) {
                  return Matrices{Matrix::Zero(x[0].rows(), x[0].cols())};
                });

  if (name == "tanh-not-squared")
    return made(tanh, [tanh](const Matrices& x, const Matrix& u) {
      return Matrices{u.array() * (1 - tanh(x).array())};
    });
  if (name == "softmax-none")
    return made(softmax, [](const Matrices& x, const Matrix&) {
      return Matrices{Matrix::Zero(x[0].rows(), x[0].cols())};
    });
  if (name == "softmax-no-cross-term")
    return made(softmax, [](const Matrices& x, const Matrix& u) {
      const Matrix y = softmax_of_rows(x[0]);
      return Matrices{u.array() * y.array() * (1 - y.array())};
    });
  if (name == "quotient-second-missing")
    return made(quotient, [quotient_back](const Matrices& x, const Matrix& u) {
      return Matrices{quotient_back(x, u)[0], Matrix::Zero(u.rows(), u.cols())};
    });
  if (name == "quotient-sign")
    return made(quotient, [quotient_back](const Matrices& x, const Matrix& u) {
      return Matrices{quotient_back(x, u)[0], -quotient_back(x, u)[1]};
    });
  if (name == "sums-other-way")
    return made(sums, [](const Matrices&, const Matrix& u) { return Matrices{running_sums(u)}; });
  if (name == "squares-half")
    return made(squares,
                [](const Matrices& x, const Matrix& u) { return Matrices{u(0, 0) * x[0]}; });
  if (name == "tanh-last-element")
    return made(tanh, [tanh_back](const Matrices& x, const Matrix& u) {
      Matrices dx = tanh_back(x, u);
      dx[0](dx[0].rows() - 1, dx[0].cols() - 1) *= 1.01;
      return dx;
    });
  if (name == "squares-nan")
    return made(squares, [](const Matrices& x, const Matrix&) {
      return Matrices{
          Matrix::Constant(x[0].rows(), x[0].cols(), std::numeric_limits<double>::quiet_NaN())};
    });
  if (name == "softmax-transposed")
    return made(softmax, [softmax_back](const Matrices& x, const Matrix& u) {
      return Matrices{softmax_back(x, u)[0].transpose()};
    });
  throw std::invalid_argument("no function " + name);
}

}  // namespace course
