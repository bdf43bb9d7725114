#pragma once

#include <vector>

#include "experiments/evidence/statistics.h"
#include "lora/analysis/low_rank.h"

/// What a trained student says of the change that was planted: its rank, and by how much it
/// amplifies. Both rules have numbers in them, found on other teachers than those that anything is
/// claimed of: on base seeds 3 and 4, teacher seeds from 1001. `lowrank known-rank --calibrate 10`
/// prints what they rest on.
namespace experiments::beyond {

/// The rank of a planted change, from the singular values of the student's ΔW C^{1/2}, which
/// descend: the number of them above `relative` times the first. What a student with more terms
/// than needed leaves in the others is the unfinished end of its training: at most .034 of the
/// first there, while the least of eight equal planted values was found again with .176. Of values
/// that fall geometrically, or lie where inputs hardly vary, the last may be lower and be missed.
/// Where the first is below `null_level` times ‖W C^{1/2}‖_F nothing was planted, and the rank is
/// 0.
struct RankRule {
  double relative = 0.065;
  double null_level = 1e-3;
};
int estimate_rank(const lora::VectorXd& whitened, double whitened_w_norm,
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
