#pragma once

#include "experiments/harness/experiment.h"

namespace experiments::report {

/// Runs the experiments in their order, each resuming what its folder in options.out has, and then
/// writes the report (report.h). Tells first what all of it will take. An experiment that fails is
/// reported and the others still run; a signal stops the row. Whatever was finished stays, and the
/// same command continues. A shard runs part K of every sweep, and neither plans nor reports
/// (paper_part.h). Returns 0, 1 where an experiment failed, or 130 after a stop. Throws as
/// require_gnuplot.
int run_paper(const Settings& settings, const std::vector<Experiment>& experiments);

}  // namespace experiments::report
