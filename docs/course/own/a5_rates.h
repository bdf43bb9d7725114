#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

/// Assignment a5, question 3: learning rates that were searched, with equal chances for every row.
namespace course::a5 {

/// A run of a search for learning rates.
struct SearchRun {
  std::string row;
  double lr = 0;
  std::uint64_t seed = 0;
  double score = 0;  ///< on validation examples; NaN where it diverged
};

/// What a row's search came to.
struct Chosen {
  double lr = 0;
  bool at_edge = false;  ///< no rate beyond it was tried, on one side: the best may lie there
  int runs = 0;          ///< that the search cost
};

/// For each row the rate with the highest mean score over its seeds; of equal means the smallest
/// rate. A rate at which any run diverged is not chosen. Throws std::invalid_argument where the
/// rates of a row have not all the same seeds, where a run is there twice, and where all rates of a
/// row diverged.
std::map<std::string, Chosen> chosen_rates(const std::vector<SearchRun>& runs);

/// Whether the rows had equal chances: each as many runs as every other. True for no row.
bool equal_budgets(const std::map<std::string, Chosen>& rows);

}  // namespace course::a5
