#pragma once

#include "experiments/statistics.h"
#include "lora/low_rank.h"

/// What a trained student says of the change that was planted: its rank, and by how much it
/// amplifies. Both rules have numbers in them, found on other teachers than those that anything is
/// claimed of: on base seed 3, teacher seeds from 1001. `lowrank known-rank --calibrate 20
/// --base-seed 3` prints what they rest on.
namespace experiments {

/// The rank of a planted change, from the singular values of the student's ΔW C^{1/2}, which
/// descend: the number of them above `relative` times the first. What a student with more terms
/// than needed leaves in the others is the unfinished end of its training, a few hundredths of the
/// first. Where the first is below `null_level` times ‖W C^{1/2}‖_F nothing was planted, and the
/// rank is 0.
struct RankRule {
  double relative = 0.06;
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

/// How a student's ladder differs from the teacher's. A student whose training has not ended is too
/// small, and leans towards directions in which there are inputs, with more of W. Two differences
/// are steady enough to be corrected: that of log ‖ΔW‖, and that of over_random, which a rank of r
/// averages over r² pairs of directions, times r.
struct LadderBias {
  double log_norm = 0, log_norm_sd = 0;
  double random_times_r = 0, random_times_r_sd = 0;
};

/// The factor of the planted change from the student's ladder, corrected by the bias, with an
/// interval of 2.6 standard deviations in each of the two. Where over_random may be zero there is
/// no upper end, and it is infinite: few directions may miss W altogether.
Interval amplification_interval(const Ladder& student, lora::Index rank, const LadderBias& bias);

}  // namespace experiments
