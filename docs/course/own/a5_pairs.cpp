#include "docs/course/own/a5_pairs.h"

#include <cmath>
#include <map>
#include <stdexcept>
#include <utility>

namespace course::a5 {

using Repetition = std::pair<std::uint64_t, std::uint64_t>;

static std::map<Repetition, double> scores_of(const std::vector<Run>& runs,
                                              const std::string& row) {
  std::map<Repetition, double> scores;
  for (const Run& run : runs)
    if (run.row == row && !scores.emplace(Repetition{run.base_seed, run.seed}, run.score).second)
      throw std::invalid_argument(row + " has two runs of one repetition");
  if (scores.empty()) throw std::invalid_argument(row + " has no run");
  return scores;
}

Pairs pairs_of(const std::vector<Run>& runs, const std::string& a, const std::string& b) {
  const auto first = scores_of(runs, a), second = scores_of(runs, b);
  Pairs result;
  int partners = 0;
  for (const auto& [repetition, score] : first) {
    const auto other = second.find(repetition);
    if (other == second.end()) continue;
    ++partners;
    const double difference = score - other->second;
    if (std::isfinite(difference))
      result.differences.push_back(difference);
    else
      ++result.not_finite;
  }
  result.without_partner = static_cast<int>(first.size() + second.size()) - 2 * partners;
  return result;
}

}  // namespace course::a5
