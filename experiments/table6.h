#pragma once

#include "data/tasks.h"
#include "experiments/lr_search.h"
#include "experiments/pretrain.h"
#include "experiments/results.h"

namespace experiments {

/// What `lowrank table6` runs: rank x weight set x task x seed, with the frozen base (r = 0) and
/// full fine-tuning as the rows to compare with. Hu et al. 2021, Table 6.
struct Table6Options {
  std::string preset = "quick";
  std::vector<data::Task> tasks{data::Task::sqlgen, data::Task::nli, data::Task::reorder};
  std::vector<std::vector<std::string>> targets{{"q"}, {"q", "v"}, {"q", "k", "v", "o"}};
  std::vector<int> ranks{1, 2, 4, 8};
  std::vector<std::uint64_t> base_seeds{2};
  int seeds = 3;     ///< 1 .. seeds
  int facts = 20;    ///< K of sqlgen
  double alpha = 8;  ///< fixed while r varies, as in the paper
  std::string scaling = "alpha/r";
  long base_steps = 8000;
  double steps_factor = 1;  ///< of each task's own number of adaptation steps
  bool search = false;      ///< search the learning rates; else take the recorded ones
  int jobs = 1;
  std::filesystem::path out = "results";
  ResultsFolder::Start start = ResultsFolder::Start::resume;
};

/// smoke: a minute, to see that everything runs (its base is hardly trained, so its numbers mean
/// nothing). quick: a few minutes, 3 seeds. full: 5 seeds, two bases, r up to 16, its own search of
/// learning rates. Throws std::invalid_argument naming the valid presets.
Table6Options table6_preset(const std::string& name);

/// The grid's cells; `rates` gives the learning rate of each method and weight set.
std::vector<Cell> table6_cells(const Table6Options& options, const LearningRates& rates);

/// Runs what OUT/table6 lacks, prints the table and the verdicts, and writes table6.md and
/// table6.csv. Returns the exit code: 0, or 130 when it was stopped.
int run_table6(const Table6Options& options);

}  // namespace experiments
