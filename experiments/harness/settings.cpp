#include "experiments/harness/settings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "experiments/training/adapt.h"

namespace experiments::harness {

const char* to_string(Preset preset) {
  return preset == Preset::smoke ? "smoke" : preset == Preset::quick ? "quick" : "full";
}

Preset parse_preset(const std::string& name) {
  for (const Preset preset : {Preset::smoke, Preset::quick, Preset::full})
    if (name == to_string(preset)) return preset;
  throw std::invalid_argument(
      fmt::format("unknown preset '{}'; valid are smoke, quick, full", name));
}

std::optional<Shard> Settings::shard() const {
  return dealer ? std::optional(dealer->shard()) : std::nullopt;
}

Settings settings_of(Preset preset) {
  Settings settings;
  settings.preset = preset;
  if (preset == Preset::smoke) {
    settings.base_seeds = {2};
    settings.base_steps = 300;
    settings.steps_factor = 0.02;
  }
  if (preset == Preset::quick) {
    settings.base_steps = BaseConfig().steps / 2;
    settings.steps_factor = 0.5;
  }
  if (preset == Preset::full) {
    settings.base_seeds = {11, 12, 13, 14, 15};
    settings.search = true;
  }
  return settings;
}

Cell task_cell(const Settings& settings, const data::Task& task, std::uint64_t base_seed,
               std::uint64_t seed) {
  Cell cell;
  cell.task = task.name;
  if (task.has_facts) cell.facts = settings.facts;
  const data::TaskInfo info = data::info(task, task_options(cell));
  cell.steps = std::max(1, static_cast<int>(std::lround(settings.steps_factor * info.steps)));
  cell.examples = info.n_train;
  cell.base_seed = base_seed;
  cell.seed = seed;
  return cell;
}

std::vector<Repetition> base_and_seeds(const Settings& settings) {
  std::vector<Repetition> repetitions;
  std::uint64_t seed = 0;
  for (const std::uint64_t base : settings.base_seeds)
    for (int i = 0; i < settings.seeds; ++i) repetitions.emplace_back(base, ++seed);
  return repetitions;
}

std::vector<Cell> repetitions(const Settings& settings) {
  std::vector<Cell> cells;
  for (const auto& [base_seed, seed] : base_and_seeds(settings))
    for (const data::Task& task : settings.tasks)
      cells.push_back(task_cell(settings, task, base_seed, seed));
  return cells;
}

Cell frozen(Cell cell) {
  cell.method = "frozen";
  cell.steps = cell.examples = 0;
  return cell;
}

Cell full(Cell cell) {
  cell.method = "full";
  return cell;
}

Cell lora_cell(Cell cell, const Settings& settings, const std::vector<std::string>& targets,
               int rank) {
  cell.method = "lora";
  cell.targets = targets;
  cell.rank = rank;
  cell.alpha = settings.alpha;
  cell.scaling = settings.scaling;
  return cell;
}

std::vector<Cell> frozen_full_and_lora(const Settings& settings,
                                       const std::vector<std::string>& targets,
                                       const std::vector<int>& ranks) {
  std::vector<Cell> cells;
  for (const Cell& cell : repetitions(settings)) {
    cells.push_back(frozen(cell));
    cells.push_back(full(cell));
    for (const int rank : ranks) cells.push_back(lora_cell(cell, settings, targets, rank));
  }
  return cells;
}

Cell method_cell(Cell cell, const std::string& method, int size) {
  cell.method = method;
  cell.size = size;
  return cell;
}

}  // namespace experiments::harness
