#include "experiments/evidence/paired.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <stdexcept>

namespace experiments::evidence {

ByRepetition by_repetition(const std::vector<CellResult>& results, const Which& which,
                           const Measured& measured) {
  ByRepetition each;
  for (const CellResult& result : results) {
    if (!which(result.cell)) continue;
    const Repetition repetition{result.cell.base_seed, result.cell.seed};
    if (!each.emplace(repetition, measured(result)).second)
      throw std::invalid_argument(
          fmt::format("two results for one entry of base seed {}, seed {}; the second: {}",
                      repetition.first, repetition.second, result.cell.key()));
  }
  return each;
}

std::set<Repetition> collapsed(const ByRepetition& scores, double frozen) {
  constexpr double learned_at_least = 20;
  std::vector<double> sorted = values(scores);
  if (sorted.empty()) return {};
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  if (*middle - frozen < learned_at_least) return {};
  std::set<Repetition> found;
  for (const auto& [repetition, score] : scores)
    if (score < (frozen + *middle) / 2) found.insert(repetition);
  return found;
}

ByRepetition difference(const ByRepetition& a, const ByRepetition& b) {
  ByRepetition each;
  for (const auto& [repetition, value] : a)
    if (const auto other = b.find(repetition); other != b.end())
      each[repetition] = value - other->second;
  return each;
}

std::vector<double> values(const ByRepetition& each) {
  std::vector<double> x;
  for (const auto& [repetition, value] : each) x.push_back(value);
  return x;
}

ByRepetition means(const std::map<Repetition, std::vector<double>>& each) {
  ByRepetition found;
  for (const auto& [repetition, list] : each) found[repetition] = mean(list);
  return found;
}

double points(const CellResult& result) { return 100 * result.value; }

Measured further(const std::string& name) {
  return [name](const CellResult& result) {
    const auto found = result.more.find(name);
    return found == result.more.end() ? std::numeric_limits<double>::quiet_NaN() : found->second;
  };
}

int trained_cells(const std::vector<CellResult>& results) {
  std::set<std::string> keys;
  for (const CellResult& result : results)
    if (result.cell.method != "frozen") keys.insert(result.cell.key());
  return static_cast<int>(keys.size());
}

std::set<int> examples_in(const std::vector<CellResult>& results) {
  std::set<int> sizes;
  for (const CellResult& result : results)
    if (result.cell.method != "frozen") sizes.insert(result.cell.examples);
  return sizes;
}

std::string task_label(const std::string& task, int facts) {
  return facts > 0 ? fmt::format("{}, K = {}", task, facts) : task;
}

std::string task_label(const Cell& cell) { return task_label(cell.task, cell.facts); }

std::vector<std::string> task_labels(const std::vector<CellResult>& results) {
  std::set<std::pair<int, std::string>> facts;  // K before its text, so that 8 comes before 16
  std::set<std::string> tasks;
  for (const CellResult& result : results) {
    if (result.cell.facts > 0)
      facts.emplace(result.cell.facts, task_label(result.cell));
    else
      tasks.insert(task_label(result.cell));
  }
  std::vector<std::string> labels;
  for (const auto& [K, label] : facts) labels.push_back(label);
  labels.insert(labels.end(), tasks.begin(), tasks.end());
  return labels;
}

std::string mean_and_sd(const std::vector<double>& x, int decimals) {
  if (x.empty()) return "-";
  const std::string text = fmt::format("{:.{}f}", mean(x), decimals);
  return x.size() < 2 ? text : text + fmt::format(" ±{:.{}f}", sample_sd(x), decimals);
}

}  // namespace experiments::evidence
