#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>

#include "experiments/known_rank.h"

namespace experiments {

// As `lowrank known-rank --calibrate 10 --base-seed 3` prints it with --spectrum and --align.
std::optional<LadderBias> calibrated_bias(const KnownRankOptions& options) {
  const KnownRankOptions calibrated;
  const StudentOptions &student = options.student, &usual = calibrated.student;
  if (options.teacher.place != Place::one || options.teacher.rho != calibrated.teacher.rho ||
      student.rank != usual.rank || student.steps != usual.steps)
    return std::nullopt;
  const bool flat = options.teacher.spectrum == Spectrum::flat;
  switch (options.teacher.align) {
    case Align::top:
      return flat ? LadderBias{-.002, .004, .110, .036} : LadderBias{-.003, .003, .131, .060};
    case Align::bottom:
      return flat ? LadderBias{.202, .036, -.016, .021} : LadderBias{.189, .052, -.020, .018};
    case Align::random:
      break;
  }
  return flat ? LadderBias{.129, .036, -.087, .095} : LadderBias{.118, .036, -.084, .100};
}

std::string calibration_text(const Base& base, const KnownRankOptions& options, int teachers,
                             const std::atomic<bool>& stop) {
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
    for (int i = 0; i < teachers; ++i) {
      KnownRankOptions one = options;
      one.ranks = {};
      one.teacher.true_rank = rank;
      one.teacher.seed = one.student.seed = first_seed + static_cast<std::uint64_t>(i);
      const Recovery found = known_rank(base, one, stop).matrices.at(0);
      kept = std::min(kept, found.whitened(rank - 1) / found.whitened(0));
      left = std::max(left, found.whitened(rank) / found.whitened(0));
      if (found.estimated_rank != rank) continue;
      ++right;
      pairs.push_back({rank, *found.true_ladder, *found.student_ladder});
    }
    text += fmt::format("{:>3} {:>4} of {:>2} {:>12.3f} {:>14.3f}\n", rank, right, teachers, kept,
                        left);
  }
  const LadderBias bias = ladder_bias(pairs);
  return text +
         fmt::format(
             "log |dW|: {:.3f} sqrt(r*) +- {:.3f}; |U^T W V| / random: {:.3f} sqrt(r*) +- {:.3f}\n",
             bias.log_norm, bias.log_norm_sd, bias.over_random, bias.over_random_sd);
}

}  // namespace experiments
