#pragma once

#include <optional>
#include <string>
#include <vector>

#include "experiments/evidence/statistics.h"
#include "lora/analysis/low_rank.h"

/// What a trained student says of the change that was planted: its rank, and by how much it
/// amplifies. The rules have numbers in them, found on other teachers than those that anything is
/// claimed of: on base seeds 3 and 4, teacher seeds from 1001. `lowrank known-rank --calibrate 10`
/// prints what they rest on.
namespace experiments::beyond {

/// The rank of a planted change, from the singular values of the student's ΔW C^{1/2}, which
/// descend: the number of them above `relative` times the first. What a student with more terms
/// than needed leaves in the others is the unfinished end of its training: at most .040 of the
/// first there, while the least of eight equal planted values was found again with .194. Of values
/// that fall geometrically, or lie where inputs hardly vary, the last may be lower and be missed.
/// Where the first is below `null_level` times ‖W C^{1/2}‖_F nothing was planted, and the rank is
/// 0.
///
/// The count is a rank only under two conditions, set where all ranks were right. The student must
/// have converged: of the loss before training at most `most_left` is left to it, twice the most
/// that was left there. And the spectrum must have a gap where it is cut: the last value that
/// counts is at least `least_gap` times the first that does not, the square root of the least gap
/// there, half way between that and none on a scale of logarithms. A student all of whose values
/// count has no gap: its rank may be too small.
struct RankRule {
  double relative = 0.065;
  double null_level = 1e-3;
  double most_left = 0.0079;
  double least_gap = 2.6;
};

/// How many values count, whatever the conditions.
int estimate_rank(const lora::VectorXd& whitened, double whitened_w_norm,
                  const RankRule& rule = {});

/// The last of the values that count over the first that does not; infinite where that is zero, and
/// 1, no gap, where all count. `rank` is at least 1.
double gap_at(const lora::VectorXd& whitened, int rank);

/// A rank, or why there is none.
struct RankReading {
  std::optional<int> rank;
  std::string why_none = {};
};

/// The reading by the second condition alone, of a spectrum whose training nobody can say to have
/// ended, as of an adapter on a task.
RankReading rank_at_gap(const lora::VectorXd& whitened, double whitened_w_norm,
                        const RankRule& rule = {});

/// The reading by both. `left` is what is left to the student of its loss before training, as a
/// fraction.
RankReading read_rank(const lora::VectorXd& whitened, double whitened_w_norm, double left,
                      const RankRule& rule = {});

/// What the amplification factor ‖ΔW‖_F / ‖Uᵀ W V‖_F is made of, with U and V the r directions of a
/// change.
struct Ladder {
  double delta_norm = 0;   ///< ‖ΔW‖_F
  double over_random = 0;  ///< ‖Uᵀ W V‖_F / (‖W‖_F r / √(out in))
  double random = 0;       ///< ‖W‖_F r / √(out in)
  double factor() const { return delta_norm / (over_random * random); }
};
Ladder ladder(const lora::MatrixXd& W, const lora::Svd& change, lora::Index rank);

/// How the teacher's ladder differs from the student's. A student whose training has not ended is
/// too small, and leans towards directions in which there are inputs, with more of W. Planted with
/// a fixed norm, a change of rank r is weaker in each of its directions by √r, and both differences
/// were found to grow as √r: in log ‖ΔW‖ and in over_random, with spreads that do not.
struct LadderBias {
  double log_norm = 0, log_norm_sd = 0;  ///< times √r; around that
  double over_random = 0, over_random_sd = 0;
};

/// What is found by comparing true ladders with those of students, by rank: the means of the
/// differences / √r, and the spreads around mean * √r.
struct LadderPair {
  int rank = 0;
  Ladder truth, student;
};
LadderBias ladder_bias(const std::vector<LadderPair>& pairs);

/// The factor of the planted change from the student's ladder, corrected by the bias, with an
/// interval of 3 standard deviations in each of the two. Where over_random may be zero there is
/// no upper end, and it is infinite: few directions may miss W altogether.
Interval amplification_interval(const Ladder& student, lora::Index rank, const LadderBias& bias);

}  // namespace experiments::beyond
