#include "experiments/beyond/rank_estimate.h"

#include <algorithm>
#include <cmath>
#include <limits>

namespace experiments::beyond {

int estimate_rank(const lora::VectorXd& whitened, double whitened_w_norm, const RankRule& rule) {
  if (whitened.size() == 0 || whitened(0) <= rule.null_level * whitened_w_norm) return 0;
  return static_cast<int>(lora::numerical_rank(whitened, rule.relative));
}

double gap_at(const lora::VectorXd& whitened, int rank) {
  if (rank >= whitened.size()) return 1;
  return whitened(rank - 1) / whitened(rank);
}

RankReading rank_at_gap(const lora::VectorXd& whitened, double whitened_w_norm,
                        const RankRule& rule) {
  const int rank = estimate_rank(whitened, whitened_w_norm, rule);
  if (rank > 0 && !(gap_at(whitened, rank) >= rule.least_gap))
    return {std::nullopt, "no gap in the spectrum"};
  return {rank};
}

RankReading read_rank(const lora::VectorXd& whitened, double whitened_w_norm, double left,
                      const RankRule& rule) {
  if (!(left <= rule.most_left)) return {std::nullopt, "student not converged"};
  return rank_at_gap(whitened, whitened_w_norm, rule);
}

Ladder ladder(const lora::MatrixXd& W, const lora::Svd& change, lora::Index rank) {
  const double random = lora::expected_random_norm(W, rank);
  return {change.sigma.head(rank).norm(),
          lora::projected_norm(W, change.U.leftCols(rank), change.V.leftCols(rank)) / random,
          random};
}

LadderBias ladder_bias(const std::vector<LadderPair>& pairs) {
  std::vector<double> norm, random;  // differences / √r
  for (const LadderPair& pair : pairs) {
    const double root = std::sqrt(pair.rank);
    norm.push_back(std::log(pair.truth.delta_norm / pair.student.delta_norm) / root);
    random.push_back((pair.truth.over_random - pair.student.over_random) / root);
  }
  LadderBias bias{.log_norm = mean(norm), .over_random = mean(random)};
  for (std::size_t i = 0; i < pairs.size(); ++i) {
    const double root = std::sqrt(pairs[i].rank);
    norm[i] = (norm[i] - bias.log_norm) * root;
    random[i] = (random[i] - bias.over_random) * root;
  }
  bias.log_norm_sd = sample_sd(norm);
  bias.over_random_sd = sample_sd(random);
  return bias;
}

Interval amplification_interval(const Ladder& student, lora::Index rank, const LadderBias& bias) {
  constexpr double spreads = 3;
  const double root = std::sqrt(static_cast<double>(rank));
  const double norm = student.delta_norm * std::exp(bias.log_norm * root);
  const double over_random = student.over_random + bias.over_random * root;
  const double stretch = std::exp(spreads * bias.log_norm_sd);
  const double most = over_random + spreads * bias.over_random_sd;
  const double least = over_random - spreads * bias.over_random_sd;
  return {most > 0 ? norm / stretch / (most * student.random) : 0,
          least > 0 ? norm * stretch / (least * student.random)
                    : std::numeric_limits<double>::infinity()};
}

}  // namespace experiments::beyond
