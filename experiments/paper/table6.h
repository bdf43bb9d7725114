#pragma once

#include "experiments/harness/experiment.h"

namespace experiments {

/// What `lowrank table6` runs: rank x weight set x task x seed, with the frozen base (r = 0) and
/// full fine-tuning as the rows to compare with. Hu et al. 2021, Table 6.
struct Table6Options : StudyOptions {
  std::vector<std::vector<std::string>> targets{{"q"}, {"q", "v"}, {"q", "k", "v", "o"}};
  std::vector<int> ranks{1, 2, 4, 8};
};

/// smoke: a minute, to see that everything runs (its base is hardly trained, so its numbers mean
/// nothing). quick: a few minutes, 3 seeds. full: 5 seeds, two bases, r up to 16, its own search of
/// learning rates. Throws std::invalid_argument naming the valid presets.
Table6Options table6_preset(const std::string& name);

/// The grid's cells, without their learning rates.
std::vector<Cell> table6_cells(const Table6Options& options);

/// Runs what OUT/table6 lacks, prints the table and the verdicts on its four statements, and writes
/// table6.md and table6.csv. Hands back finding F2.
std::vector<Finding> run_table6(const Table6Options& options, Bases& bases, Progress& progress);

/// The table as one of all experiments, with the ranks and weight sets of the preset.
Experiment table6_experiment();

}  // namespace experiments
