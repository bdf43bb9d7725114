#pragma once

#include "experiments/harness/experiment.h"

/// Few examples: what is left of LoRA, prefixes and full fine-tuning when the training set shrinks?
/// Hu et al. 2021, Table 16. LoRA on {q,v} at r = 4 and the two prefix methods at the sizes nearest
/// to its parameters; the same number of steps and the same learning rate for every n, as the
/// paper's LoRA has. Controls: full fine-tuning at the same n, and the frozen base.
namespace experiments::paper::table16 {

Experiment experiment();

/// The training sets of a task that has `own` examples and trains for `steps`: 100, its own set, in
/// the preset full 1000, and so many that no step sees an example again, "all" of a generator.
std::vector<int> sizes(Preset preset, int own, int steps);

/// F8, fixed before any grid was run, margin 3 points as for Table 6:
///   "LoRA is at least as good as full fine-tuning at the smallest n": at n = 100,
///   D = score(LoRA) - score(full)                                      holds here if D > -margin
std::vector<Finding> findings(const std::vector<CellResult>& results);

}  // namespace experiments::paper::table16
