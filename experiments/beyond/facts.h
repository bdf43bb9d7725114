#pragma once

#include "experiments/harness/experiment.h"

/// How much rank do new facts need? In sqlgen K words change their meaning, and all else stays.
/// LoRA on {q,v} is trained for several K and r; the training set grows with K (12.5 examples a
/// fact), so that more facts do not mean fewer examples of each. "The rank needed" is the smallest
/// r whose mean score comes within the margin of 3 points of the best that LoRA reaches at this K.
/// Controls at each K: the frozen base and full fine-tuning. Beyond the paper, which asks in
/// footnote 6 what happens when a task is far from what the base knows.
namespace experiments::beyond::facts {

Experiment experiment();

/// The values of K: 6, 12, options.facts and 28. None of them was used in calibration, unless
/// options.facts is.
std::vector<int> grid(const Settings& options);

/// The smallest rank whose mean is at most 3 points below the best of the means; 0 for none.
int rank_needed(const std::map<int, double>& mean_by_rank);

}  // namespace experiments::beyond::facts
