#pragma once

#include "experiments/harness/experiment.h"

namespace experiments::cli {

/// All of them: those of the paper and those beyond it, in the order of the report. Another
/// experiment is a file with a function that returns its Experiment, and a line there.
const std::vector<Experiment>& all_experiments();

}  // namespace experiments::cli
