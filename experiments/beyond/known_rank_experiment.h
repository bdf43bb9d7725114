#pragma once

#include "experiments/beyond/known_rank.h"
#include "experiments/harness/experiment.h"

namespace experiments::beyond::known_rank_experiment {

/// A row of teachers with planted changes of several ranks and seeds, on v of the last block, and
/// what their students show of them (known_rank.h). It measures the analysis and not a statement of
/// the paper, so it has no finding.
///
/// A teacher is a cell, by the student that is analysed: its size is the planted rank r*, its seed
/// names the change, the inputs and the students. Its value is 1 where the estimated rank is r*,
/// its nll what is left of the student's loss. Further measurements, and the lines of
/// known-rank.csv (true_rank, seed, what, index, value):
///   kl_left          the loss at the end over that at the start, index: the student's rank
///   sigma_true       σ_i of the planted ΔW*, index: i
///   sigma            σ_i of the analysed student's ΔW
///   estimated_rank, knee, amplification_true, amplification, amplification_low, amplification_high
///                    without an index; those that have no value are not there
Experiment experiment();

}  // namespace experiments::beyond::known_rank_experiment
