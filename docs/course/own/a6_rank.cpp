#include "docs/course/own/a6_rank.h"

#include <algorithm>
#include <cmath>

#include "lora/analysis/linear_algebra.h"

namespace course::a6 {

// The first r singular values of s B A C^{1/2}, which no gauge changes.
static Eigen::VectorXd whitened_values(const Factors& factors, const MatrixXd& root_of_C) {
  const MatrixXd change = lora::product(factors.B, lora::product(factors.A, root_of_C));
  const Eigen::VectorXd sigma = std::abs(factors.s) * lora::svd(change).sigma;
  return sigma.head(std::min(sigma.size(), factors.B.cols()));
}

Reading read_rank(const Evidence& evidence) {
  constexpr double most_left = 0.02, stands_out = 2, least_gap = 1.5;
  if (!(evidence.loss_left <= most_left)) return {std::nullopt, "training has not ended"};
  const MatrixXd root = lora::square_root(evidence.C);
  const Eigen::VectorXd values = whitened_values(evidence.adapter, root);
  const double noise = whitened_values(evidence.control, root)(0);
  const Eigen::Index rank = (values.array() > stands_out * noise).count();
  if (rank == values.size()) return {std::nullopt, "every value stands out"};
  if (rank > 0 && values(rank - 1) < least_gap * values(rank))
    return {std::nullopt, "no gap in the spectrum"};
  return {static_cast<int>(rank)};
}

}  // namespace course::a6
