#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "experiments/beyond/known_rank.h"

namespace experiments::beyond {

// As `lowrank known-rank --calibrate 10` prints it.
std::optional<LadderBias> calibrated_bias(const KnownRankOptions& options, const BaseConfig& base) {
  const KnownRankOptions calibrated;
  const TeacherSpec &teacher = options.teacher, &usual = calibrated.teacher;
  BaseConfig usual_base;
  usual_base.seed = base.seed;
  if (hash(base) != hash(usual_base) || teacher.place != usual.place || teacher.rho != usual.rho ||
      teacher.align != usual.align || teacher.spectrum != usual.spectrum ||
      options.student.rank != calibrated.student.rank ||
      options.student.steps != calibrated.student.steps)
    return std::nullopt;
  return LadderBias{
      .log_norm = .049, .log_norm_sd = .052, .over_random = -.024, .over_random_sd = .082};
}

std::string calibration_text(const std::vector<Base>& bases, const KnownRankOptions& options,
                             int teachers, const std::atomic<bool>& stop) {
  constexpr std::uint64_t first_seed = 1001;
  constexpr int largest = 8;
  if (options.student.rank <= largest)
    throw std::invalid_argument(
        fmt::format("a student of rank {} cannot show where rank {} ends; valid are {} and more",
                    options.student.rank, largest, largest + 1));
  std::string text =
      fmt::format("{:>3} {:>10} {:>12} {:>14}\n", "r*", "recovered", "least kept", "largest left");
  std::vector<LadderPair> pairs;
  for (const int rank : {1, 2, 3, 4, 6, largest}) {
    double kept = 1, left = 0;
    int right = 0;
    const int in_all = teachers * static_cast<int>(bases.size());
    for (int i = 0; i < in_all; ++i) {
      KnownRankOptions one = options;
      one.ranks = {};
      one.teacher.true_rank = rank;
      one.teacher.seed = one.student.seed = first_seed + static_cast<std::uint64_t>(i % teachers);
      const Recovery found =
          known_rank(bases[static_cast<std::size_t>(i / teachers)], one, stop).matrices.at(0);
      kept = std::min(kept, found.whitened(rank - 1) / found.whitened(0));
      left = std::max(left, found.whitened(rank) / found.whitened(0));
      if (found.estimated_rank != rank) continue;
      ++right;
      pairs.push_back({rank, *found.true_ladder, *found.student_ladder});
    }
    text +=
        fmt::format("{:>3} {:>4} of {:>2} {:>12.3f} {:>14.3f}\n", rank, right, in_all, kept, left);
  }
  const LadderBias bias = ladder_bias(pairs);
  return text +
         fmt::format(
             "log |dW|: {:.3f} sqrt(r*) +- {:.3f}; |U^T W V| / random: {:.3f} sqrt(r*) +- {:.3f}\n",
             bias.log_norm, bias.log_norm_sd, bias.over_random, bias.over_random_sd);
}

}  // namespace experiments::beyond
