#include "experiments/table6.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>

#include "experiments/adapt.h"
#include "experiments/run_card.h"
#include "experiments/search_rates.h"
#include "experiments/sweep.h"
#include "experiments/table6_report.h"
#include "nn/file.h"

namespace experiments {

Table6Options table6_preset(const std::string& name) {
  Table6Options options;
  options.preset = name;
  if (name == "quick") return options;
  if (name == "smoke") {
    options.ranks = {1, 4, 8};
    options.seeds = 2;
    options.base_steps = 600;
    options.steps_factor = 0.1;
    return options;
  }
  if (name == "full") {
    options.ranks = {1, 2, 4, 8, 16};
    options.base_seeds = {2, 3};
    options.seeds = 5;
    options.search = true;
    return options;
  }
  throw std::invalid_argument(
      fmt::format("unknown preset '{}'; valid are smoke, quick, full", name));
}

namespace {

// What every cell of a task has in common.
Cell task_cell(const Table6Options& options, data::Task task) {
  Cell cell;
  cell.task = data::to_string(task);
  if (task == data::Task::sqlgen) cell.facts = options.facts;
  const data::TaskInfo info = data::info(task, task_options(cell));
  cell.steps = std::max(1, static_cast<int>(std::lround(options.steps_factor * info.steps)));
  cell.examples = info.n_train;
  return cell;
}

Cell frozen(Cell cell) {
  cell.method = "frozen";
  cell.steps = cell.examples = 0;
  return cell;
}

Cell full(Cell cell, double lr) {
  cell.method = "full";
  cell.lr = lr;
  return cell;
}

Cell lora(Cell cell, const Table6Options& options, const std::vector<std::string>& targets,
          int rank, double lr) {
  cell.method = "lora";
  cell.targets = targets;
  cell.rank = rank;
  cell.alpha = options.alpha;
  cell.scaling = options.scaling;
  cell.lr = lr;
  return cell;
}

// All that changes a cell's numbers and is not a field of the cell that a table has many values of.
RunCard run_card(const Table6Options& options, const LearningRates& rates) {
  nlohmann::json base = nlohmann::json::parse(to_json(base_config(0, options.base_steps)));
  base.erase("seed");
  nlohmann::json lrs;
  for (const data::Task task : options.tasks) {
    const std::string name(data::to_string(task));
    lrs[name]["full"] = rates.find(name, "full", {}).choice.lr;
    for (const auto& targets : options.targets)
      lrs[name][weight_set(targets)] = rates.find(name, "lora", targets).choice.lr;
  }
  RunCard card;
  card.experiment = "table6";
  card.configuration = {{"base", base},
                        {"steps_factor", options.steps_factor},
                        {"alpha", options.alpha},
                        {"scaling", options.scaling},
                        {"learning_rates", lrs}};
  std::vector<std::string> tasks, weights;
  for (const data::Task task : options.tasks) tasks.emplace_back(data::to_string(task));
  for (const auto& targets : options.targets) weights.push_back(weight_set(targets));
  std::vector<int> seeds;
  for (int seed = 1; seed <= options.seeds; ++seed) seeds.push_back(seed);
  card.extent = {{"tasks", tasks},
                 {"targets", weights},
                 {"ranks", options.ranks},
                 {"seeds", seeds},
                 {"base_seeds", options.base_seeds},
                 {"facts", {options.facts}}};
  return card;
}

std::string continue_command(const Table6Options& options) {
  return fmt::format("the same command again (results are in {})", options.out.string());
}

}  // namespace

std::vector<Cell> table6_cells(const Table6Options& options, const LearningRates& rates) {
  std::vector<Cell> cells;
  for (const std::uint64_t base_seed : options.base_seeds) {
    for (const data::Task task : options.tasks) {
      for (int seed = 1; seed <= options.seeds; ++seed) {
        Cell cell = task_cell(options, task);
        cell.base_seed = base_seed;
        cell.seed = static_cast<std::uint64_t>(seed);
        cells.push_back(frozen(cell));
        cells.push_back(full(cell, rates.find(cell.task, "full", {}).choice.lr));
        for (const auto& targets : options.targets)
          for (const int rank : options.ranks)
            cells.push_back(lora(cell, options, targets, rank,
                                 rates.find(cell.task, "lora", targets).choice.lr));
      }
    }
  }
  return cells;
}

// One search for every task and every row of the table, each with the same number of runs.
static std::vector<Cell> search_cells(const Table6Options& options) {
  std::vector<Cell> cells;
  for (const data::Task task : options.tasks) {
    Cell cell = task_cell(options, task);
    cell.experiment = "learning-rates";
    cell.base_seed = options.base_seeds.front();
    cells.push_back(full(cell, 0));
    for (const auto& targets : options.targets) cells.push_back(lora(cell, options, targets, 4, 0));
  }
  return cells;
}

int run_table6(const Table6Options& options) {
  Progress progress;
  std::map<std::uint64_t, Base> bases;
  const auto prepare_base = [&](std::uint64_t seed) {
    if (!bases.contains(seed))
      bases[seed] = base_with_progress(base_config(seed, options.base_steps), options.out / "base");
  };

  LearningRates rates = recorded_learning_rates();
  if (options.search) {
    prepare_base(options.base_seeds.front());
    const auto found = search_rates(search_cells(options), bases.at(options.base_seeds.front()),
                                    options, progress);
    if (!found) return 130;
    rates = *found;
  }

  const std::vector<Cell> cells = table6_cells(options, rates);
  ResultsFolder folder(options.out / "table6", run_card(options, rates), options.jobs,
                       options.start);
  if (!folder.notice().empty()) progress.message(folder.notice());
  for (const Cell& cell : cells)
    if (!folder.contains(cell)) prepare_base(cell.base_seed);

  SweepOptions sweep;
  sweep.jobs = options.jobs;
  sweep.expected_seconds = expected_seconds;
  sweep.bytes_per_cell = bytes_per_cell;
  sweep.continue_with = continue_command(options);
  const auto run = [&](const Cell& cell, const std::atomic<bool>& stop) {
    return run_cell(bases.at(cell.base_seed), cell, ScoreOn::test, stop);
  };
  const SweepOutcome outcome = run_sweep(cells, sweep, run, folder, progress);

  const auto tables = table6_grid(folder.results());
  const auto verdicts = table6_verdicts(tables);
  nn::write_file_atomically(folder.path() / "table6.md", table6_markdown(tables, verdicts));
  nn::write_file_atomically(folder.path() / "table6.csv", table6_csv(tables));
  fmt::print("{}", table6_console(tables, verdicts));
  return outcome.exit_code();
}

}  // namespace experiments
