#pragma once

#include "experiments/harness/experiment.h"

namespace experiments::cli {

/// All of them: those of the paper and those beyond it, in the order of the report. The build writes
/// the definition from experiments/list.txt.
const std::vector<Experiment>& all_experiments();

/// The names of commands that are no more, each with the command that has taken its place; from the
/// same list.
const std::map<std::string, std::string>& replaced_commands();

}  // namespace experiments::cli
