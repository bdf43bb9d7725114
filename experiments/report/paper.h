#pragma once

#include "experiments/harness/experiment.h"

namespace experiments::report {

/// Runs the experiments in their order, each resuming what its folder in options.out has, and then
/// writes the report (report.h). Tells first what all of it will take. An experiment that fails is
/// reported and the others still run; a signal stops the row. Whatever was finished stays, and the
/// same command continues. A shard runs part K of every sweep, and neither plans nor reports
/// (run_part_of_paper). Returns 0, or 1 where an experiment failed. Throws Stopped, and as
/// require_gnuplot.
int run_paper(const Settings& settings, const std::vector<Experiment>& experiments);

/// With --shard part K of the sweep of every experiment that has one, with --only-base what all of
/// them need. An experiment that fails is said, and the others still run; where something is
/// missing that all shards need nothing runs (NotReady). Returns 0, or 1 where an experiment
/// failed.
int run_part_of_paper(const Settings& settings, const std::vector<Experiment>& experiments);

}  // namespace experiments::report
