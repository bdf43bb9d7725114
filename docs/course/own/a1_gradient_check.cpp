#include "own/a1_gradient_check.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "autograd/random.h"

namespace course {

// Weights of the outputs, none of them small and no two alike: what is wrong in one output shows.
static Matrix draw_weights(Index rows, Index cols) {
  autograd::Random random(1, "course.gradient_check");
  Matrix u(rows, cols);
  for (Index i = 0; i < u.size(); ++i)
    u.data()[i] = (random.chance(0.5) ? 1 : -1) * (0.5 + random.uniform());
  return u;
}

// The slope of the weighted outputs in one element of one input.
static double slope(const Checkable& f, std::vector<Matrix> x, std::size_t input, Index at,
                    const Matrix& weights) {
  const double centre = x[input].data()[at], h = 1e-5 * std::max(1.0, std::abs(centre));
  x[input].data()[at] = centre + h;
  const Matrix above = f.forward(x);
  x[input].data()[at] = centre - h;
  const Matrix below = f.forward(x);
  return (above - below).cwiseProduct(weights).sum() / (2 * h);
}

bool gradient_is_right(const Checkable& f, const std::vector<Matrix>& x) {
  const Matrix y = f.forward(x), u = draw_weights(y.rows(), y.cols());
  const std::vector<Matrix> gradient = f.backward(x, u);
  if (gradient.size() != x.size()) return false;
  for (std::size_t input = 0; input < x.size(); ++input) {
    if (gradient[input].rows() != x[input].rows() || gradient[input].cols() != x[input].cols())
      return false;
    for (Index at = 0; at < x[input].size(); ++at) {
      const double numeric = slope(f, x, input, at, u), analytic = gradient[input].data()[at];
      const double off = std::abs(numeric - analytic);
      if (!(off <= 1e-4 * std::max(1.0, std::abs(numeric))))
        return false;  // also where it is NaN or infinite
    }
  }
  return true;
}

}  // namespace course
