#include "experiments/paper/table6_grid.h"

#include <fmt/format.h>

#include <algorithm>
#include <stdexcept>
#include <tuple>

#include "data/tasks.h"

namespace experiments {

std::set<int> TaskTable::ranks(const std::string& weights) const {
  std::set<int> found;
  for (const auto& [place, runs] : places) {
    if (place.first == weights) found.insert(place.second);
  }
  return found;
}

std::set<std::uint64_t> TaskTable::base_seeds() const {
  std::set<std::uint64_t> found;
  for (const auto& [place, runs] : places) {
    for (const auto& [repetition, result] : runs) found.insert(repetition.first);
  }
  return found;
}

std::vector<std::string> TaskTable::weight_sets() const {
  std::set<std::pair<long, std::string>> by_size;
  for (const auto& [place, runs] : places) {
    const std::string& name = place.first;
    if (place.second > 0) by_size.emplace(std::count(name.begin(), name.end(), ','), name);
  }
  std::vector<std::string> names;
  for (const auto& [size, name] : by_size) names.push_back(name);
  return names;
}

std::vector<TaskTable> table6_grid(const std::vector<CellResult>& results) {
  std::map<std::tuple<std::size_t, std::string, int>, TaskTable> tables;
  for (const CellResult& result : results) {
    const Cell& cell = result.cell;
    TaskTable& table = tables[{data::task_place(cell.task), cell.task, cell.facts}];
    table.task = cell.task;
    table.facts = cell.facts;
    const std::string row = cell.method == "lora" ? weight_set(cell.targets) : cell.method;
    auto& runs = table.places[{row, cell.rank}];
    const auto [at, added] = runs.try_emplace({cell.base_seed, cell.seed}, result);
    if (!added) {
      throw std::invalid_argument(fmt::format("two results for one entry of the table: {} and {}",
                                              at->second.cell.key(), cell.key()));
    }
  }
  std::vector<TaskTable> sorted;
  for (auto& [key, table] : tables) sorted.push_back(std::move(table));
  return sorted;
}

}  // namespace experiments
