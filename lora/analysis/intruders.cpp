#include "lora/analysis/intruders.h"

#include <fmt/format.h>

#include <stdexcept>

#include "lora/analysis/subspace.h"

namespace lora::inline LOWRANK_PRECISION {

VectorXd best_cosines(const MatrixXd& tuned, const MatrixXd& base, Eigen::Index k) {
  if (tuned.rows() != base.rows() || k < 1 || k > tuned.cols())
    throw std::invalid_argument(
        fmt::format("the first {} of ({},{}) cannot be compared with ({},{})", k, tuned.rows(),
                    tuned.cols(), base.rows(), base.cols()));
  return product_tn(base, tuned.leftCols(k)).cwiseAbs().colwise().maxCoeff();
}

Eigen::Index count_intruders(const VectorXd& best_cosines, double epsilon) {
  return (best_cosines.array() < epsilon).count();
}

// In the basis x a random unit vector is g / ‖g‖ with g Gaussian, whatever the basis.
double chance_best_cosine(Eigen::Index d, int draws) {
  if (d < 1 || draws < 1)
    throw std::invalid_argument(fmt::format("{} draws in {} dimensions", draws, d));
  autograd::Random random(0, fmt::format("intruders.chance.d{}", d));
  double sum = 0;
  for (int i = 0; i < draws; ++i) {
    const VectorXd g = gaussian(d, 1, random);
    sum += g.cwiseAbs().maxCoeff() / g.norm();
  }
  return sum / draws;
}

}  // namespace lora::inline LOWRANK_PRECISION
