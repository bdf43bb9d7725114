#pragma once

#include "experiments/harness/cell_cost.h"
#include "experiments/harness/experiment.h"

/// What a row of experiments will take, printed before it begins.
namespace experiments::harness {

struct StagePlan {
  std::string name;
  int cells = 0, missing = 0;  ///< in all, and those the results folder does not have yet
  double seconds = 0;          ///< wall clock for what is missing, negative where nobody knows
};

/// Cells that train and have no learning rate of their own, over all experiments: what a search of
/// learning rates is for. Not those of experiments that search for each row.
std::vector<Cell> cells_without_rate(const std::vector<Experiment>& experiments,
                                     const Settings& settings);

/// The bases, the search of learning rates where there is one, and each experiment, after its own
/// search where it has one. Reads what is
/// in the results folder and writes nothing. `slower` is how much longer all takes here.
std::vector<StagePlan> plan(const std::vector<Experiment>& experiments, const Settings& settings,
                            double slower = slowness());

/// Of the findings that are tested on results alone a line for each whose family is too large for
/// sign flips of so few repetitions, which is the test where a run collapses: its verdicts will then
/// be open. One line for all where there are fewer repetitions than any test needs.
std::string undecidable_text(const std::vector<Experiment>& experiments, const Settings& settings);

/// One line per stage, and the sum.
std::string plan_text(const std::vector<StagePlan>& stages, int jobs);

}  // namespace experiments::harness
