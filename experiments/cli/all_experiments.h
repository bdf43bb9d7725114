#pragma once

#include "experiments/harness/experiment.h"

namespace experiments::cli {

/// All of them: those of the paper and those beyond it, in the order of the report. The build writes
/// the definition from experiments/list.txt.
const std::vector<Experiment>& all_experiments();

}  // namespace experiments::cli
