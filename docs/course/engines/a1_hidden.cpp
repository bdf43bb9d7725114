// The grader's own functions for a1.q9. They have numbers, and the parent knows which are right, so
// that nothing in this process says it. The right ones are written in other ways than those of
// probes/checkables.h: in loops, from the back, with three inputs.
#include <cmath>
#include <limits>
#include <string>
#include <vector>

#include "probes/checkables.h"
#include "probes/protocol.h"

namespace {

using course::Case, course::Index, course::made, course::Matrices, course::Matrix;

// y = a b, each sum from its last term to its first
Matrix product(const Matrix& a, const Matrix& b) {
  Matrix y(a.rows(), b.cols());
  for (Index j = 0; j < b.cols(); ++j)
    for (Index i = 0; i < a.rows(); ++i) {
      double sum = 0;
      for (Index k = a.cols(); k-- > 0;) sum += a(i, k) * b(k, j);
      y(i, j) = sum;
    }
  return y;
}

// y_i = log Σ_j exp x_ij
Matrix log_sums(const Matrix& x) {
  Matrix y(x.rows(), 1);
  for (Index i = 0; i < x.rows(); ++i) {
    double most = x(i, 0), sum = 0;
    for (Index j = 1; j < x.cols(); ++j) most = std::max(most, x(i, j));
    for (Index j = x.cols(); j-- > 0;) sum += std::exp(x(i, j) - most);
    y(i, 0) = most + std::log(sum);
  }
  return y;
}

// 1 / √(mean of the squares) of each row
Matrix scales(const Matrix& x) {
  return (x.rowwise().squaredNorm().array() / static_cast<double>(x.cols())).rsqrt();
}

// y = x / √(mean of the squares of its row); dx = s (u - y (y·u)/n)
Matrix by_root_mean_square(const Matrix& x) { return scales(x).col(0).asDiagonal() * x; }
Matrix by_root_mean_square_back(const Matrix& x, const Matrix& u) {
  const Matrix s = scales(x), y = by_root_mean_square(x);
  Matrix dx = u;
  for (Index i = 0; i < x.rows(); ++i)
    dx.row(i) =
        s(i, 0) * (u.row(i) - y.row(i) * y.row(i).dot(u.row(i)) / static_cast<double>(x.cols()));
  return dx;
}

Matrix shares(const Matrix& x) {
  Matrix p = x;
  const Matrix y = log_sums(x);
  for (Index i = 0; i < x.rows(); ++i) p.row(i) = (x.row(i).array() - y(i, 0)).exp();
  return p;
}

std::unique_ptr<course::Checkable> engine(int number) {
  const auto times = [](const Matrices& x) { return product(x[0], x[1]); };
  const auto lse = [](const Matrices& x) { return log_sums(x[0]); };
  const auto rms = [](const Matrices& x) { return by_root_mean_square(x[0]); };
  const auto fused = [](const Matrices& x) -> Matrix {  // x0 ∘ x1 + x2
    return x[2] + x[1].cwiseProduct(x[0]);
  };
  const auto size = [](const Matrices& x) -> Matrix { return x[0].cwiseAbs(); };

  const auto times_back = [](const Matrices& x, const Matrix& u) {
    return Matrices{product(u, x[1].transpose()), product(x[0].transpose(), u)};
  };
  const auto lse_back = [](const Matrices& x, const Matrix& u) {
    return Matrices{Matrix(u.col(0).asDiagonal() * shares(x[0]))};
  };
  const auto rms_back = [](const Matrices& x, const Matrix& u) {
    return Matrices{by_root_mean_square_back(x[0], u)};
  };
  const auto fused_back = [](const Matrices& x, const Matrix& u) {
    return Matrices{u.cwiseProduct(x[1]), u.cwiseProduct(x[0]), u};
  };
  const auto size_back = [](const Matrices& x, const Matrix& u) {
    return Matrices{u.cwiseProduct(x[0].cwiseSign())};
  };

  switch (number) {
    case 0:
      return made(times, times_back);
    case 1:
      return made(lse, lse_back);
    case 2:
      return made(rms, rms_back);
    case 3:
      return made(fused, fused_back);
    case 4:
      return made(size, size_back);

    case 5:  // a transpose is missing, which square factors hide
      return made(times, [](const Matrices& x, const Matrix& u) {
        return Matrices{product(u, x[1]), product(x[0].transpose(), u)};
      });
    case 6:  // the last row of the batch is left out
      return made(times, [times_back](const Matrices& x, const Matrix& u) {
        Matrices dx = times_back(x, u);
        const Index m = u.rows() - 1;
        dx[1] = product(x[0].topRows(m).transpose(), u.topRows(m));
        return dx;
      });
    case 7:  // what arrives is not looked at
      return made(lse, [](const Matrices& x, const Matrix&) { return Matrices{shares(x[0])}; });
    case 8:  // the largest element has it all
      return made(lse, [](const Matrices& x, const Matrix& u) {
        Matrix dx = Matrix::Zero(x[0].rows(), x[0].cols());
        for (Index i = 0; i < dx.rows(); ++i) {
          Index at = 0;
          x[0].row(i).maxCoeff(&at);
          dx(i, at) = u(i, 0);
        }
        return Matrices{dx};
      });
    case 9:  // the scale is taken for a constant
      return made(rms, [](const Matrices& x, const Matrix& u) {
        return Matrices{Matrix(scales(x[0]).col(0).asDiagonal() * u)};
      });
    case 10:  // a number of elements is missing
      return made(rms, [](const Matrices& x, const Matrix& u) {
        const Matrix s = scales(x[0]), y = by_root_mean_square(x[0]);
        Matrix dx = u;
        for (Index i = 0; i < dx.rows(); ++i)
          dx.row(i) = s(i, 0) * (u.row(i) - y.row(i) * y.row(i).dot(u.row(i)));
        return Matrices{dx};
      });
    case 11:  // twice for the last input
      return made(fused, [fused_back](const Matrices& x, const Matrix& u) {
        Matrices dx = fused_back(x, u);
        dx[2] *= 2;
        return dx;
      });
    case 12:  // two inputs exchanged
      return made(fused, [fused_back](const Matrices& x, const Matrix& u) {
        Matrices dx = fused_back(x, u);
        std::swap(dx[0], dx[1]);
        return dx;
      });
    case 13:  // a gradient is missing
      return made(fused, [fused_back](const Matrices& x, const Matrix& u) {
        Matrices dx = fused_back(x, u);
        dx.pop_back();
        return dx;
      });
    case 14:  // right for positive inputs
      return made(size, [](const Matrices&, const Matrix& u) { return Matrices{u}; });
    case 15:  // another shape
      return made(size, [size_back](const Matrices& x, const Matrix& u) {
        return Matrices{Matrix(size_back(x, u)[0].transpose())};
      });
    case 16:  // one element, by a hundredth
      return made(times, [times_back](const Matrices& x, const Matrix& u) {
        Matrices dx = times_back(x, u);
        Index i = 0, j = 0;
        dx[1].cwiseAbs().maxCoeff(&i, &j);
        dx[1](i, j) += 0.01 * std::max(1.0, std::abs(dx[1](i, j)));
        return dx;
      });
    case 17:
      return made(rms, [rms_back](const Matrices& x, const Matrix& u) {
        Matrices dx = rms_back(x, u);
        dx[0](0, 0) = std::numeric_limits<double>::infinity();
        return dx;
      });
    case 18:  // each element gets the mean of what arrives
      return made(rms, [rms_back](const Matrices& x, const Matrix& u) {
        return rms_back(x, Matrix::Constant(u.rows(), u.cols(), u.mean()));
      });
    case 19:  // what arrives in the first column counts for all columns
      return made(fused, [fused_back](const Matrices& x, const Matrix& u) {
        return fused_back(x, u.col(0).replicate(1, u.cols()));
      });
    default:
      throw std::invalid_argument("no function " + std::to_string(number));
  }
}

void run(const Case& c) {
  Matrices x;
  for (int i = 0; c.has("x" + std::to_string(i)); ++i)
    x.push_back(c.tensor("x" + std::to_string(i)));
  const bool right = course::gradient_is_right(*engine(static_cast<int>(c.number("engine"))), x);
  course::write("verdict", right ? "right" : "wrong");
}

}  // namespace

int main() { return course::answer(run); }
