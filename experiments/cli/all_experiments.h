#pragma once

#include "experiments/harness/experiment.h"

namespace experiments {

/// All of them, in the order of the paper. Another experiment is a file with a function that
/// returns its Experiment, and a line there.
const std::vector<Experiment>& all_experiments();

}  // namespace experiments
