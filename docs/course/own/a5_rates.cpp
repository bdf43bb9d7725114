#include "docs/course/own/a5_rates.h"

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

namespace course::a5 {

static double mean_of(const std::map<std::uint64_t, double>& scores) {
  double sum = 0;
  for (const auto& [seed, score] : scores) sum += score;
  return sum / static_cast<double>(scores.size());  // NaN where one is
}

static std::set<std::uint64_t> seeds_of(const std::map<std::uint64_t, double>& scores) {
  std::set<std::uint64_t> seeds;
  for (const auto& [seed, score] : scores) seeds.insert(seed);
  return seeds;
}

std::map<std::string, Chosen> chosen_rates(const std::vector<SearchRun>& runs) {
  std::map<std::string, std::map<double, std::map<std::uint64_t, double>>> rows;
  for (const SearchRun& run : runs)
    if (!rows[run.row][run.lr].emplace(run.seed, run.score).second)
      throw std::invalid_argument(run.row + " has a run twice");
  std::map<std::string, Chosen> chosen;
  for (const auto& [row, rates] : rows) {
    Chosen best;
    bool found = false;
    double highest = 0;
    for (const auto& [lr, scores] : rates) {
      if (seeds_of(scores) != seeds_of(rates.begin()->second))
        throw std::invalid_argument("the rates of " + row + " have different seeds");
      best.runs += static_cast<int>(scores.size());
      const double mean = mean_of(scores);
      if (!std::isfinite(mean) || (found && mean <= highest)) continue;
      found = true;
      highest = mean;
      best.lr = lr;
    }
    if (!found) throw std::invalid_argument(row + " diverged at every rate");
    best.at_edge = best.lr == rates.begin()->first || best.lr == rates.rbegin()->first;
    chosen[row] = best;
  }
  return chosen;
}

bool equal_budgets(const std::map<std::string, Chosen>& rows) {
  return std::all_of(rows.begin(), rows.end(),
                     [&](const auto& row) { return row.second.runs == rows.begin()->second.runs; });
}

}  // namespace course::a5
