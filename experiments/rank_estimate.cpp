#include "experiments/rank_estimate.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace experiments {

int estimate_rank(const lora::VectorXd& whitened, double whitened_w_norm, const RankRule& rule) {
  if (whitened.size() == 0 || whitened(0) <= rule.null_level * whitened_w_norm) return 0;
  return static_cast<int>(lora::numerical_rank(whitened, rule.relative));
}

Ladder ladder(const lora::MatrixXd& W, const lora::Svd& change, lora::Index rank) {
  const double random = lora::expected_random_norm(W, rank);
  return {change.sigma.head(rank).norm(),
          lora::projected_norm(W, change.U.leftCols(rank), change.V.leftCols(rank)) / random,
          random};
}

Interval amplification_interval(const Ladder& student, lora::Index rank, const LadderBias& bias) {
  constexpr double spreads = 2.6;
  const auto r = static_cast<double>(rank);
  const double norm = student.delta_norm * std::exp(bias.log_norm);
  const double over_random = student.over_random + bias.random_times_r / r;
  const double stretch = std::exp(spreads * bias.log_norm_sd);
  const double shift = spreads * bias.random_times_r_sd / r;
  const double least = (over_random - shift) * student.random;
  return {norm / stretch / ((over_random + shift) * student.random),
          least > 0 ? norm * stretch / least : std::numeric_limits<double>::infinity()};
}

}  // namespace experiments
