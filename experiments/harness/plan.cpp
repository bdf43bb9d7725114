#include "experiments/harness/plan.h"

#include <fmt/format.h>

#include <map>
#include <set>

#include "experiments/harness/reuse.h"
#include "experiments/harness/search_rates.h"

namespace experiments::harness {

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
StagePlan stage_plan(const Experiment& experiment, const std::vector<Cell>& cells,
                     const Settings& settings, double slower, FinishedCells& planned) {
  StagePlan stage{experiment.name};
  const FinishedCells finished(settings.out / sweep_of(experiment));
  std::set<std::string> counted;
  for (const Cell& cell : cells) {
    if (!counted.insert(cell.key()).second) continue;
    ++stage.cells;
    const bool there = settings.start == Start::resume && finished.contains(cell);
    const bool comes = planned.contains(cell);
    planned.add(cell);
    if (there || comes) continue;
    ++stage.missing;
    stage.seconds += expected_seconds(cell) * slower / settings.jobs;
  }
  return stage;
}

// None where it runs on none of the tasks.
std::vector<Cell> cells_of(const Experiment& experiment, const Settings& settings) {
  const Settings own = settings_for(experiment, settings);
  return experiment.cells && !own.tasks.empty() ? experiment.cells(own) : std::vector<Cell>{};
}

// With the rates that they will have, where these are recorded: only then are equal cells known.
std::vector<Cell> with_rates(std::vector<Cell> cells, const LearningRates& rates) {
  for (Cell& cell : cells) {
    if (cell.method == "frozen" || cell.lr != 0) continue;
    try {
      cell.lr = rate_of(cell, rates);
    } catch (const std::invalid_argument&) {  // said when it is its turn
    }
  }
  return cells;
}

StagePlan base_plan(const std::vector<Experiment>& experiments, const Settings& settings,
                    double slower) {
  StagePlan stage{"base"};
  std::set<std::string> counted;  // by their hashes
  for (const Experiment& experiment : experiments) {
    for (const Cell& cell : cells_of(experiment, settings)) {
      const BaseConfig config = base_of_cell(cell, settings.base_steps);
      if (cell.base == "random" || !counted.insert(hash(config)).second) continue;
      ++stage.cells;
      if (has_base(config, settings.out / "base")) continue;
      ++stage.missing;
      stage.seconds += slower * pretraining_seconds(config);
    }
  }
  return stage;
}

}  // namespace

std::vector<Cell> cells_without_rate(const std::vector<Experiment>& experiments,
                                     const Settings& settings) {
  std::vector<Cell> cells;
  for (const Experiment& experiment : experiments)
    for (const Cell& cell :
         experiment.own_rates ? std::vector<Cell>{} : cells_of(experiment, settings))
      if (cell.method != "frozen" && cell.lr == 0) cells.push_back(cell);
  return cells;
}

std::vector<StagePlan> plan(const std::vector<Experiment>& experiments, const Settings& settings,
                            double slower) {
  // Of each sweep that takes nothing, and of all others together, which take from each other.
  std::map<std::string, FinishedCells> apart;
  std::vector<StagePlan> stages{base_plan(experiments, settings, slower)};
  const LearningRates recorded = recorded_learning_rates();
  FinishedCells shared;
  for (const auto& [key, result] : trained_by_others(settings, "")) shared.add(result.cell);
  if (settings.search) {
    std::vector<Cell> searched;
    for (const Cell& cell : cells_without_rate(experiments, settings))
      searched.push_back(searched_cell(cell, settings));
    // A search is never started over: --fresh is about the experiments.
    Settings resumed = settings;
    resumed.start = Start::resume;
    stages.push_back(stage_plan(Experiment{"learning-rates", ""}, search_runs(searched), resumed,
                                slower, apart["learning-rates"]));
  }
  for (const Experiment& experiment : experiments) {
    std::vector<Cell> cells = cells_of(experiment, settings);
    if (experiment.own_rates) {
      const std::string folder = search_folder_of(experiment);
      stages.push_back(stage_plan(Experiment{folder, ""},
                                  search_runs(own_searched_cells(cells), rates_near_recorded),
                                  settings, slower, apart[folder]));
    } else if (!settings.search) {
      cells = with_rates(std::move(cells), recorded);
    }
    const Sharing sharing = sharing_of(experiment);
    StagePlan stage =
        stage_plan(experiment, cells, settings, slower,
                   sharing == Sharing::gives_and_takes ? shared : apart[sweep_of(experiment)]);
    if (sharing == Sharing::gives)
      for (const Cell& cell : cells) shared.add(cell);
    if (experiment.seconds) stage.seconds += experiment.seconds(settings) * slower;
    if (stage.cells == 0 && !experiment.seconds) stage.seconds = -1;
    stages.push_back(stage);
  }
  return stages;
}

std::string undecidable_text(const std::vector<Experiment>& experiments, const Settings& settings) {
  const auto pairs = static_cast<int>(base_and_seeds(settings).size());
  if (pairs < fewest_pairs)
    return fmt::format("{} repetitions decide nothing: verdicts need at least {}\n", pairs,
                       fewest_pairs);
  std::string text;
  for (const Experiment& experiment : experiments) {
    if (!experiment.findings) continue;
    Results none{cells_of(experiment, settings), {}};
    for (const Cell& cell : none.asked) none.all.emplace_back().cell = cell;
    if (none.all.empty()) continue;
    for (const Finding& finding : experiment.findings(none)) {
      const auto tests = static_cast<int>(
          std::count_if(finding.parts.begin(), finding.parts.end(),
                        [](const Finding::Part& part) { return part.contrast.missing.empty(); }));
      if (!sign_flips_can_decide(pairs, tests))
        text += fmt::format(
            "{} of {} makes {} tests: where a run collapses, {} repetitions cannot decide them\n",
            finding.id, experiment.name, tests, pairs);
    }
  }
  return text;
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

}  // namespace experiments::harness
