#include "experiments/paper/table6.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/evidence/statistics.h"
#include "experiments/paper/numbers.h"

namespace experiments::paper::table6 {
namespace {

const std::string only_q = "q", q_and_v = "q,v", all_four = "q,k,v,o";
constexpr int any_rank = 1 << 20;

/// At which this weight set was run.
std::set<int> ranks_of(const ScoreTable& table, const std::string& weights) {
  std::set<int> ranks;
  for (const auto& [row, runs] : table.rows) {
    const Cell& cell = runs.begin()->second.cell;
    if (weight_set(cell.targets) == weights) ranks.insert(cell.rank);
  }
  return ranks;
}

/// The mean over the ranks of score(plus, r) - score(minus, factor * r).
std::vector<Term> mean_difference(const std::vector<int>& ranks, const std::string& plus,
                                  const std::string& minus, int factor) {
  std::vector<Term> terms;
  const double share = 1.0 / static_cast<double>(ranks.size());
  for (const int r : ranks) {
    terms.push_back({weights_row_name(plus, r), share});
    terms.push_back({weights_row_name(minus, factor * r), -share});
  }
  return terms;
}

/// The ranks r up to `largest` with (plus, r) and (minus, factor * r) in the table.
std::vector<int> common_ranks(const ScoreTable& table, const std::string& plus,
                              const std::string& minus, int factor, int largest) {
  const std::set<int> others = ranks_of(table, minus);
  std::vector<int> common;
  for (const int r : ranks_of(table, plus))
    if (r <= largest && others.contains(factor * r)) common.push_back(r);
  return common;
}

/// "r = 1, 2"; in general where no such rank is in the table.
std::string ranks_text(const std::vector<int>& ranks, const char* in_general) {
  return ranks.empty() ? in_general : fmt::format("r = {}", fmt::join(ranks, ", "));
}

/// score(weights, r) - mean over `large` of score(weights, .).
std::vector<Term> against_large(const std::string& weights, int r, const std::vector<int>& large) {
  std::vector<Term> terms{{weights_row_name(weights, r)}};
  for (const int l : large)
    terms.push_back({weights_row_name(weights, l), -1.0 / static_cast<double>(large.size())});
  return terms;
}

/// Rank one against the ranks that the paper's table has at 8 and above.
Contrast one_against_large(const ScoreTable& table, const std::string& weights, double threshold,
                           bool holds_above) {
  Contrast contrast;
  contrast.threshold = threshold;
  contrast.holds_above = holds_above;
  const std::set<int> ranks = ranks_of(table, weights);
  std::vector<int> large;
  std::copy_if(ranks.begin(), ranks.end(), std::back_inserter(large), [](int r) { return r >= 8; });
  contrast.text =
      fmt::format("{{{}}} at r = 1 minus its mean over {}; holds {} {} points", weights,
                  ranks_text(large, "r >= 8"), holds_above ? "above" : "below", threshold);
  if (!ranks.contains(1)) contrast.missing = fmt::format("{{{}}} at r = 1", weights);
  if (large.empty()) contrast.missing = fmt::format("{{{}}} at some r >= 8", weights);
  if (!contrast.missing.empty()) return contrast;
  contrast = linear_contrast(table, against_large(weights, 1, large), contrast);
  for (const int r : ranks)
    if (mean(values(linear_contrast(table, against_large(weights, r, large), {}).each)) >
        -margin_points) {
      contrast.note =
          fmt::format("smallest r whose mean is within {} points: {}", margin_points, r);
      break;
    }
  return contrast;
}

Contrast small_rank_suffices(const ScoreTable& table) {
  return one_against_large(table, q_and_v, -margin_points, true);
}

Contrast query_alone_is_worse(const ScoreTable& table) {
  Contrast contrast;
  const auto ranks = common_ranks(table, q_and_v, only_q, 1, any_rank);
  contrast.text = fmt::format("{{q,v}} minus {{q}}, mean over {}; holds above 0 points",
                              ranks_text(ranks, "common r"));
  if (ranks.empty()) {
    contrast.missing = "{q} and {q,v} at a common r";
    return contrast;
  }
  contrast = linear_contrast(table, mean_difference(ranks, q_and_v, only_q, 1), contrast);
  const auto halves = common_ranks(table, q_and_v, only_q, 2, any_rank);
  if (halves.empty()) return contrast;
  const auto at_equal_size =
      linear_contrast(table, mean_difference(halves, q_and_v, only_q, 2), {}).each;
  contrast.note = fmt::format("with equal parameters, {{q}} at 2r: {:+.1f} points over r = {}",
                              mean(values(at_equal_size)), fmt::join(halves, ", "));
  return contrast;
}

Contrast larger_rank_stops_helping(const ScoreTable& table) {
  Contrast contrast;
  contrast.threshold = margin_points;
  contrast.holds_above = false;
  const std::set<int> set = ranks_of(table, q_and_v);
  const std::vector<int> ranks(set.rbegin(), set.rend());
  if (ranks.size() < 2 || ranks[0] < 8 || ranks[1] < 4) {
    contrast.missing = "{q,v} at r >= 4 and a larger r >= 8";
    contrast.text =
        fmt::format("the last step in r of {{q,v}}; holds below {} points", margin_points);
    return contrast;
  }
  contrast.text = fmt::format("{{q,v}} at r = {} minus at r = {}; holds below {} points", ranks[0],
                              ranks[1], margin_points);
  return linear_contrast(
      table, {{weights_row_name(q_and_v, ranks[0])}, {weights_row_name(q_and_v, ranks[1]), -1}},
      contrast);
}

Contrast more_matrices_at_small_rank(const ScoreTable& table) {
  Contrast contrast;
  contrast.threshold = -margin_points;
  const auto ranks = common_ranks(table, all_four, q_and_v, 2, 4);
  contrast.text =
      fmt::format("{{q,k,v,o}} at r minus {{q,v}} at 2r, mean over {}; holds above {} points",
                  ranks_text(ranks, "r <= 4"), contrast.threshold);
  if (ranks.empty()) {
    contrast.missing = "{q,k,v,o} at some r <= 4 with {q,v} at 2r";
    return contrast;
  }
  return linear_contrast(table, mean_difference(ranks, all_four, q_and_v, 2), contrast);
}

Contrast query_alone_needs_more(const ScoreTable& table) {
  return one_against_large(table, only_q, 0, false);
}

struct Statement {
  const char *id, *text;
  Contrast (*contrast)(const ScoreTable&);
};

const Statement statements[] = {
    {"(a)", "a very small r suffices for {q,v}", small_rank_suffices},
    {"(b)", "Wq alone is worse", query_alone_is_worse},
    {"(c)", "larger r does not keep helping", larger_rank_stops_helping},
    {"(d)", "adapting more matrices at small r is at least as good", more_matrices_at_small_rank},
    {"(e)", "Wq alone needs a larger r", query_alone_needs_more}};

}  // namespace

// The statement, of the paper's Table 6.
static Finding of_paper(const Statement& statement) {
  Finding finding;
  for (const ScoreTable& table : score_tables(paper_results(), weights_row_of))
    finding.parts.push_back({statement.text, table.task, statement.contrast(table)});
  return finding;
}

std::vector<Finding> statements_of(const std::vector<ScoreTable>& tables) {
  std::vector<Finding> findings;
  for (const Statement& statement : statements) {
    Finding finding{statement.id, statement.text, "./run table6", {}};
    finding.in_summary = false;
    for (const ScoreTable& table : tables)
      finding.parts.push_back({statement.text, table.label, statement.contrast(table)});
    findings.push_back(beside_paper(finding, of_paper(statement)));
  }
  return findings;
}

Finding finding_of(const std::vector<ScoreTable>& tables) {
  Finding finding{"F2", "Table 6: {q,v} needs r = 1 only, Wq alone is worse", "./run table6", {}};
  Finding paper = finding;
  for (const Statement& statement : {statements[0], statements[1]}) {
    for (const ScoreTable& table : tables)
      finding.parts.push_back({statement.text, table.task, statement.contrast(table)});
    const Finding printed = of_paper(statement);
    paper.parts.insert(paper.parts.end(), printed.parts.begin(), printed.parts.end());
  }
  return beside_paper(finding, paper);
}

std::vector<std::string> weight_sets_in(const ScoreTable& table) {
  std::set<std::pair<std::size_t, std::string>> by_size;
  for (const auto& [row, runs] : table.rows)
    if (const Cell& cell = runs.begin()->second.cell; cell.rank > 0)
      by_size.emplace(cell.targets.size(), weight_set(cell.targets));
  std::vector<std::string> names;
  for (const auto& [size, name] : by_size) names.push_back(name);
  return names;
}

}  // namespace experiments::paper::table6
