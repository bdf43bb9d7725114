#include "experiments/paper/table6_verdicts.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <cmath>
#include <optional>
#include <stdexcept>

#include "experiments/evidence/paired.h"
#include "experiments/evidence/statistics.h"

namespace experiments {
namespace {

const std::string only_q = "q", q_and_v = "q,v", all_four = "q,k,v,o";

/// D = sum of factor * score over entries of the table.
using Terms = std::vector<std::pair<TablePlace, double>>;

/// D in points for every repetition that has all entries of D with a finite score.
std::map<Repetition, double> differences(const TaskTable& table, const Terms& terms) {
  std::map<Repetition, std::pair<std::size_t, double>> sums;  // entries found, D
  for (const auto& [place, factor] : terms) {
    const auto runs = table.places.find(place);
    if (runs == table.places.end()) continue;
    for (const auto& [repetition, result] : runs->second) {
      if (!std::isfinite(result.value)) continue;
      auto& [found, sum] = sums[repetition];
      ++found;
      sum += factor * 100 * result.value;
    }
  }
  std::map<Repetition, double> complete;
  for (const auto& [repetition, sum] : sums)
    if (sum.first == terms.size()) complete[repetition] = sum.second;
  return complete;
}

/// The mean over the ranks of score(plus, r) - score(minus, factor * r).
Terms mean_difference(const std::vector<int>& ranks, const std::string& plus,
                      const std::string& minus, int factor) {
  Terms terms;
  const double share = 1.0 / static_cast<double>(ranks.size());
  for (const int r : ranks) {
    terms.push_back({{plus, r}, share});
    terms.push_back({{minus, factor * r}, -share});
  }
  return terms;
}

/// The ranks r up to `largest` with (plus, r) and (minus, factor * r) in the table.
std::vector<int> common_ranks(const TaskTable& table, const std::string& plus,
                              const std::string& minus, int factor, int largest) {
  const std::set<int> others = table.ranks(minus);
  std::vector<int> common;
  for (const int r : table.ranks(plus)) {
    if (r <= largest && others.contains(factor * r)) common.push_back(r);
  }
  return common;
}

/// "r = 1, 2"; in general where no such rank is in the table.
std::string ranks_text(const std::vector<int>& ranks, const char* in_general) {
  return ranks.empty() ? in_general : fmt::format("r = {}", fmt::join(ranks, ", "));
}

/// D = score(weights, r) - mean over `large` of score(weights, .).
std::map<Repetition, double> against_large(const TaskTable& table, const std::string& weights,
                                           int r, const std::vector<int>& large) {
  Terms terms = {{{weights, r}, 1}};
  for (const int l : large)
    terms.push_back({{weights, l}, -1.0 / static_cast<double>(large.size())});
  return differences(table, terms);
}

/// Rank one against the ranks that the paper's table has at 8 and above.
Contrast one_against_large(const TaskTable& table, const std::string& weights, double threshold,
                           bool holds_above) {
  Contrast contrast;
  contrast.threshold = threshold;
  contrast.holds_above = holds_above;
  std::vector<int> large;
  for (const int r : table.ranks(weights)) {
    if (r >= 8) large.push_back(r);
  }
  contrast.text =
      fmt::format("{{{}}} at r = 1 minus its mean over {}; holds {} {} points", weights,
                  ranks_text(large, "r >= 8"), holds_above ? "above" : "below", threshold);
  if (!table.ranks(weights).contains(1)) contrast.missing = fmt::format("{{{}}} at r = 1", weights);
  if (large.empty()) contrast.missing = fmt::format("{{{}}} at some r >= 8", weights);
  if (!contrast.missing.empty()) return contrast;
  contrast.each = against_large(table, weights, 1, large);
  for (const int r : table.ranks(weights)) {
    if (mean(values(against_large(table, weights, r, large))) > -margin_points) {
      contrast.note =
          fmt::format("smallest r whose mean is within {} points: {}", margin_points, r);
      break;
    }
  }
  return contrast;
}

Contrast small_rank_suffices(const TaskTable& table) {
  return one_against_large(table, q_and_v, -margin_points, true);
}

Contrast query_alone_is_worse(const TaskTable& table) {
  Contrast contrast;
  const auto ranks = common_ranks(table, q_and_v, only_q, 1, 1 << 20);
  contrast.text = fmt::format("{{q,v}} minus {{q}}, mean over {}; holds above 0 points",
                              ranks_text(ranks, "common r"));
  if (ranks.empty()) {
    contrast.missing = "{q} and {q,v} at a common r";
    return contrast;
  }
  contrast.each = differences(table, mean_difference(ranks, q_and_v, only_q, 1));
  const auto halves = common_ranks(table, q_and_v, only_q, 2, 1 << 20);
  if (!halves.empty()) {
    const auto at_equal_size = differences(table, mean_difference(halves, q_and_v, only_q, 2));
    contrast.note = fmt::format("with equal parameters, {{q}} at 2r: {:+.1f} points over r = {}",
                                mean(values(at_equal_size)), fmt::join(halves, ", "));
  }
  return contrast;
}

Contrast larger_rank_stops_helping(const TaskTable& table) {
  Contrast contrast;
  contrast.threshold = margin_points;
  contrast.holds_above = false;
  const std::set<int> set = table.ranks(q_and_v);
  const std::vector<int> ranks(set.rbegin(), set.rend());
  if (ranks.size() < 2 || ranks[0] < 8 || ranks[1] < 4) {
    contrast.missing = "{q,v} at r >= 4 and a larger r >= 8";
    contrast.text =
        fmt::format("the last step in r of {{q,v}}; holds below {} points", margin_points);
    return contrast;
  }
  contrast.text = fmt::format("{{q,v}} at r = {} minus at r = {}; holds below {} points", ranks[0],
                              ranks[1], margin_points);
  contrast.each = differences(table, {{{q_and_v, ranks[0]}, 1}, {{q_and_v, ranks[1]}, -1}});
  return contrast;
}

Contrast more_matrices_at_small_rank(const TaskTable& table) {
  Contrast contrast;
  contrast.threshold = -margin_points;
  const auto ranks = common_ranks(table, all_four, q_and_v, 2, 4);
  contrast.text =
      fmt::format("{{q,k,v,o}} at r minus {{q,v}} at 2r, mean over {}; holds above {} points",
                  ranks_text(ranks, "r <= 4"), contrast.threshold);
  contrast.each = differences(table, mean_difference(ranks, all_four, q_and_v, 2));
  if (ranks.empty()) contrast.missing = "{q,k,v,o} at some r <= 4 with {q,v} at 2r";
  return contrast;
}

Contrast contrast_of(char statement, const TaskTable& table) {
  switch (statement) {
    case 'a':
      return small_rank_suffices(table);
    case 'b':
      return query_alone_is_worse(table);
    case 'c':
      return larger_rank_stops_helping(table);
    default:
      return more_matrices_at_small_rank(table);
  }
}

}  // namespace

const char* statement_text(char statement) {
  switch (statement) {
    case 'a':
      return "a very small r suffices for {q,v}";
    case 'b':
      return "Wq alone is worse";
    case 'c':
      return "larger r does not keep helping";
    case 'd':
      return "adapting more matrices at small r is at least as good";
    default:
      throw std::invalid_argument(fmt::format("no statement {}; valid: a to d", statement));
  }
}

std::vector<Verdict> table6_verdicts(const std::vector<TaskTable>& tables) {
  std::vector<Verdict> verdicts;
  std::vector<Contrast> family;
  for (const TaskTable& table : tables) {
    for (const char statement : {'a', 'b', 'c', 'd'}) {
      family.push_back(contrast_of(statement, table));
      verdicts.push_back({statement, table.task, table.facts, family.back(), {}});
    }
  }
  const std::vector<Judgement> judgements = judge(family);
  for (std::size_t i = 0; i < verdicts.size(); ++i) verdicts[i].found = judgements[i];
  return verdicts;
}

std::vector<Finding> table6_findings(const std::vector<TaskTable>& tables) {
  Finding finding{"F2", "Table 6: {q,v} needs r = 1 only, Wq alone needs more", "./run table6", {}};
  for (const TaskTable& table : tables) {
    finding.parts.push_back({statement_text('a'), table.task, small_rank_suffices(table)});
    finding.parts.push_back({statement_text('b'), table.task, query_alone_is_worse(table)});
    finding.parts.push_back(
        {"Wq alone needs a larger r", table.task, one_against_large(table, only_q, 0, false)});
    for (const auto& [place, runs] : table.places)
      if (place.first != "frozen") finding.cells += static_cast<int>(runs.size());
  }
  return {finding};
}

}  // namespace experiments
