#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
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
      options.student.labels != calibrated.student.labels ||
      options.student.steps != calibrated.student.steps)
    return std::nullopt;
  return LadderBias{
      .log_norm = .068, .log_norm_sd = .050, .over_random = -.041, .over_random_sd = .087};
}

std::string calibration_text(const std::vector<Base>& bases, const KnownRankOptions& options,
                             int teachers, const std::atomic<bool>& stop) {
  constexpr std::uint64_t first_seed = 1001;
  constexpr int largest = 8;
  if (options.student.rank <= largest)
    throw std::invalid_argument(
        fmt::format("a student of rank {} cannot show where rank {} ends; valid are {} and more",
                    options.student.rank, largest, largest + 1));
  std::string text = fmt::format("{:>3} {:>10} {:>12} {:>14} {:>10} {:>14}\n", "r*", "recovered",
                                 "least kept", "largest left", "least gap", "most loss left");
  std::vector<LadderPair> pairs;
  double least_gap = std::numeric_limits<double>::infinity(), most_loss = 0;
  for (const int rank : {1, 2, 3, 4, 6, largest}) {
    double kept = 1, left = 0, gap = std::numeric_limits<double>::infinity(), loss = 0;
    int right = 0;
    const int in_all = teachers * static_cast<int>(bases.size());
    for (int i = 0; i < in_all; ++i) {
      KnownRankOptions one = options;
      one.ranks = {};
      one.rule.most_left = std::numeric_limits<double>::infinity();  // what the count alone says
      one.rule.least_gap = 0;
      one.teacher.true_rank = rank;
      one.teacher.seed = one.student.seed = first_seed + static_cast<std::uint64_t>(i % teachers);
      const KnownRankResult result =
          known_rank(bases[static_cast<std::size_t>(i / teachers)], one, stop);
      const Recovery& found = result.matrices.at(0);
      kept = std::min(kept, found.whitened(rank - 1) / found.whitened(0));
      left = std::max(left, found.whitened(rank) / found.whitened(0));
      gap = std::min(gap, gap_at(found.whitened, rank));
      loss = std::max(loss, result.analysed.left());
      if (!found.is_right()) continue;
      ++right;
      pairs.push_back({rank, *found.true_ladder, *found.student_ladder});
    }
    text += fmt::format("{:>3} {:>4} of {:>2} {:>12.3f} {:>14.3f} {:>10.1f} {:>12.3f} %\n", rank,
                        right, in_all, kept, left, gap, 100 * loss);
    least_gap = std::min(least_gap, gap);
    most_loss = std::max(most_loss, loss);
  }
  const LadderBias bias = ladder_bias(pairs);
  return text +
         fmt::format(
             "converged: at most {:.2f} % left, twice the most; gap: at least {:.1f}, the "
             "root of the least\n",
             200 * most_loss, std::sqrt(least_gap)) +
         fmt::format(
             "log |dW|: {:.3f} sqrt(r*) +- {:.3f}; |U^T W V| / random: {:.3f} sqrt(r*) +- {:.3f}\n",
             bias.log_norm, bias.log_norm_sd, bias.over_random, bias.over_random_sd);
}

}  // namespace experiments::beyond
