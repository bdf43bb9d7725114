#include "experiments/harness/plan.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "experiments/harness/reuse.h"
#include "experiments/harness/search_rates.h"

namespace experiments {

namespace {

// The cells of a results folder by their keys. Cells of a plan have no learning rate yet, so they
// are also known without theirs.
class FinishedCells {
 public:
  FinishedCells() = default;
  // What is wrong in the folder is said when it is opened; until then nothing in it counts.
  explicit FinishedCells(const std::filesystem::path& folder) {
    try {
      for (const CellResult& result : read_folder(folder)) add(result.cell);
    } catch (const ResultsError&) {
      return;
    }
  }

  void add(Cell cell) {
    keys_.insert(cell.key());
    cell.lr = 0;
    without_rate_.insert(cell.key());
  }

  bool contains(Cell cell) const {
    return (cell.lr == 0 ? without_rate_ : keys_).contains(cell.key());
  }

 private:
  std::set<std::string> keys_, without_rate_;
};

// `planned` are the cells that stages before it leave for this one: what two stages share is run
// once.
StagePlan stage_plan(const std::string& name, const std::string& sweep,
                     const std::vector<Cell>& cells, const StudyOptions& options, double slower,
                     FinishedCells& planned) {
  StagePlan stage{name};
  const FinishedCells finished(options.out / sweep);
  std::set<std::string> counted;
  for (const Cell& cell : cells) {
    if (!counted.insert(cell.key()).second) continue;
    ++stage.cells;
    const bool there = options.start == ResultsFolder::Start::resume && finished.contains(cell);
    const bool comes = planned.contains(cell);
    planned.add(cell);
    if (there || comes) continue;
    ++stage.missing;
    stage.seconds += expected_seconds(cell) * slower / options.jobs;
  }
  return stage;
}

// An experiment that refuses these options, say a task that it needs, says so when it is its turn.
std::vector<Cell> cells_of(const Experiment& experiment, const StudyOptions& options) {
  try {
    return experiment.cells ? experiment.cells(options) : std::vector<Cell>{};
  } catch (const std::invalid_argument&) {
    return {};
  }
}

// With the rates that they will have, where these are recorded: only then are equal cells known.
std::vector<Cell> with_rates(std::vector<Cell> cells, const LearningRates& rates) {
  for (Cell& cell : cells) {
    if (cell.method == "frozen" || cell.lr != 0) continue;
    try {
      cell.lr = rates.find(cell.task, cell.method, cell.targets).choice.lr;
    } catch (const std::invalid_argument&) {  // said when it is its turn
    }
  }
  return cells;
}

StagePlan base_plan(const std::vector<Experiment>& experiments, const StudyOptions& options) {
  StagePlan stage{"base"};
  std::set<std::string> counted;  // by their hashes
  for (const Experiment& experiment : experiments) {
    const long steps = experiment.base_steps ? experiment.base_steps(options) : options.base_steps;
    for (const Cell& cell : cells_of(experiment, options)) {
      const BaseConfig config = base_of_cell(cell, steps);
      if (cell.base != "pretrained" || !counted.insert(hash(config)).second) continue;
      ++stage.cells;
      if (has_base(config, options.out / "base")) continue;
      ++stage.missing;
      stage.seconds += pretraining_seconds(config);
    }
  }
  return stage;
}

}  // namespace

std::vector<Cell> cells_without_rate(const std::vector<Experiment>& experiments,
                                     const StudyOptions& options) {
  std::vector<Cell> cells;
  for (const Experiment& experiment : experiments)
    for (const Cell& cell : cells_of(experiment, options))
      if (cell.method != "frozen" && cell.lr == 0) cells.push_back(cell);
  return cells;
}

std::vector<StagePlan> plan(const std::vector<Experiment>& experiments,
                            const StudyOptions& options) {
  std::vector<StagePlan> stages{base_plan(experiments, options)};
  // Of each sweep that takes nothing, and of all others together, which take from each other.
  std::map<std::string, FinishedCells> apart;
  const double slower = slowness();
  const LearningRates recorded = recorded_learning_rates();
  FinishedCells shared;
  for (const auto& [key, result] : trained_by_others(options, "")) shared.add(result.cell);
  if (options.search) {
    std::vector<Cell> searched;
    for (const Cell& cell : cells_without_rate(experiments, options))
      searched.push_back(searched_cell(cell, options));
    // A search is never started over: --fresh is about the experiments.
    StudyOptions resumed = options;
    resumed.start = ResultsFolder::Start::resume;
    stages.push_back(stage_plan("learning-rates", "learning-rates", search_runs(searched), resumed,
                                slower, apart["learning-rates"]));
  }
  for (const Experiment& experiment : experiments) {
    std::vector<Cell> cells = cells_of(experiment, options);
    if (!options.search) cells = with_rates(std::move(cells), recorded);
    StagePlan stage =
        stage_plan(experiment.name, sweep_of(experiment), cells, options, slower,
                   experiment.is_apart || experiment.looks ? apart[sweep_of(experiment)] : shared);
    if (experiment.looks)
      for (const Cell& cell : cells) shared.add(cell);
    if (experiment.seconds) stage.seconds += experiment.seconds(options) * slower;
    if (stage.cells == 0 && !experiment.seconds) stage.seconds = -1;
    stages.push_back(stage);
  }
  return stages;
}

std::string plan_text(const std::vector<StagePlan>& stages, int jobs) {
  std::string text = fmt::format("{:<22}{:>7}{:>9}  about\n", "stage", "cells", "to run");
  double seconds = 0;
  bool unknown = false;
  for (const StagePlan& stage : stages) {
    text += fmt::format("{:<22}{:>7}{:>9}  {}\n", stage.name, stage.cells, stage.missing,
                        stage.seconds < 0 ? "not known" : duration_text(stage.seconds));
    if (stage.seconds < 0) unknown = true;
    seconds += std::max(0.0, stage.seconds);
  }
  return text + fmt::format("in all about {}{}, {} at a time\n", duration_text(seconds),
                            unknown ? ", and what is not known" : "", jobs);
}

}  // namespace experiments
