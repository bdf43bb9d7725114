#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "experiments/evidence/findings.h"
#include "experiments/training/cell.h"

namespace experiments {

/// One entry of Table 6: a weight set as weight_set() writes it, or "frozen" or "full" with rank 0.
using TablePlace = std::pair<std::string, int>;

/// The results of one task (at one K) by their place in the table.
struct TaskTable {
  std::string task;
  int facts = 0;  ///< K, 0 for a task without
  std::map<TablePlace, std::map<Repetition, CellResult>> places;

  std::set<int> ranks(const std::string& weights) const;  ///< at which this weight set was run
  std::set<std::uint64_t> base_seeds() const;
  std::vector<std::string> weight_sets() const;  ///< fewer matrices first
};

/// One table per task and K; sqlgen, nli, reorder in this order, then others by name. Throws
/// std::invalid_argument that names both cells if two claim one entry, which happens when results
/// of different settings (learning rate, alpha, steps) are mixed.
std::vector<TaskTable> table6_grid(const std::vector<CellResult>& results);

}  // namespace experiments
