#pragma once

#include "experiments/harness/experiment.h"

namespace experiments::report {

/// With --shard part K of the sweep of every experiment that has one, with --only-base what all of
/// them need. An experiment that fails is said, and the others still run; where something is
/// missing that all shards need nothing runs (NotReady). Returns 0, or 1 where an experiment
/// failed.
int run_part_of_paper(const Settings& settings, const std::vector<Experiment>& experiments);

}  // namespace experiments::report
