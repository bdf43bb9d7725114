#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/beyond/recurrent.h"

namespace experiments::beyond::recurrent {
namespace {

const std::string both = "ih,hh";

// The rows of both weights at r >= 8.
std::vector<std::string> large_rows(const ScoreTable& table) {
  std::vector<std::string> rows;
  for (const auto& [row, runs] : table.rows)
    if (const Cell& cell = runs.begin()->second.cell;
        cell.rank >= 8 && weight_set(cell.targets) == both)
      rows.push_back(row);
  return rows;
}

std::vector<Term> minus(std::vector<Term> plus, const std::vector<Term>& others) {
  for (const Term& term : others) plus.push_back({term.row, -term.factor});
  return plus;
}

// Of a base that does not know the task nothing is asked.
std::string unknown_to_base(const ScoreTable& table) {
  const Runs* frozen = table.find("frozen");
  if (frozen == nullptr) return "the frozen base";
  for (const auto& [repetition, result] : *frozen) {
    const double answers = further("answers")(result);
    if (!(answers >= learned_from))
      return fmt::format("a base that knows the task: that of seed {} answers {:.0f} %",
                         repetition.first, 100 * answers);
  }
  return "";
}

// Where nothing learns the task, rows that are as good as each other say nothing.
bool is_learned(const ScoreTable& table) {
  const double frozen = summary(*table.find("frozen")).mean;
  return std::ranges::any_of(table.rows, [&](const auto& row) {
    return summary(row.second).mean >= frozen + learned_points;
  });
}

// Why nothing is asked of this table; "" where it is.
std::string nothing_to_ask(const ScoreTable& table) {
  if (std::string unknown = unknown_to_base(table); !unknown.empty()) return unknown;
  if (is_learned(table)) return "";
  return fmt::format("a row that learns the task: none is {:g} points above the frozen base",
                     learned_points);
}

Contrast contrast(const ScoreTable& table, const std::string& text,
                  const std::vector<Term>& terms) {
  Contrast rule{.text = fmt::format("{}; holds above {} points", text, -margin_points),
                .each = {},
                .threshold = -margin_points};
  rule = linear_contrast(table, terms, rule);
  if (const std::string missing = nothing_to_ask(table); !missing.empty()) rule.missing = missing;
  if (!rule.missing.empty()) rule.each.clear();
  return rule;
}

void add_scores(Finding& finding, const ScoreTable& table) {
  const std::vector<std::string> large = large_rows(table);
  const auto add = [&](const char* statement, Contrast rule) {
    if (large.empty()) rule.missing = "{ih,hh} at some r >= 8";
    finding.parts.push_back({statement, table.label, std::move(rule)});
  };
  add("LoRA does what full fine-tuning does",
      contrast(table, "{ih,hh}, mean over r >= 8, minus full fine-tuning",
               minus(mean_of(large), {{"full"}})));
  add("a very small r suffices", contrast(table, "{ih,hh} at r = 1 minus its mean over r >= 8",
                                          minus({{weights_row_name(both, 1)}}, mean_of(large))));
  for (const char* one : {"ih", "hh"})
    add(one == std::string("ih") ? "both weights are at least as good as the input's alone"
                                 : "both weights are at least as good as the state's alone",
        contrast(table, fmt::format("{{ih,hh}} at r = 4 minus {{{}}} at r = 8", one),
                 minus({{weights_row_name(both, 4)}}, {{weights_row_name(one, 8)}})));
}

std::vector<CellResult> of_task(const std::vector<CellResult>& results, const ScoreTable& table) {
  std::vector<CellResult> some;
  std::copy_if(results.begin(), results.end(), std::back_inserter(some),
               [&](const CellResult& result) {
                 return result.cell.task == table.task && result.cell.facts == table.facts;
               });
  return some;
}

void add_directions(Finding& finding, const std::vector<CellResult>& results,
                    const ScoreTable& table) {
  const auto add = [&](const char* statement, std::string text, double threshold, const char* unit,
                       const ReadPart& read) {
    Contrast rule{.text = std::move(text),
                  .each = over_weights(of_task(results, table), "all", read),
                  .threshold = threshold};
    rule.unit = unit;
    rule.missing = nothing_to_ask(table);
    if (rule.each.empty()) rule.missing = "{ih,hh} at two ranks";
    if (!rule.missing.empty()) rule.each.clear();
    finding.parts.push_back({statement, table.label, std::move(rule)});
  };
  add("the top direction is shared by two ranks",
      "φ(1,1) of the two largest ranks, corrected, is above 0.5", 0.5, "of φ",
      [](const auto& measured) { return measured("phi_first"); });
  add("W has more in the directions of dW than in those of noise",
      "log2 of |U^T W V| from dW over that from noise is above 0", 0, "doublings",
      [](const auto& measured) { return std::log2(measured("in_delta") / measured("noise")); });
  add("and at most half of what it has in its own",
      "log2 of |U^T W V| from W over that from dW is above 1", 1, "doublings",
      [](const auto& measured) { return std::log2(measured("in_w") / measured("in_delta")); });
}

}  // namespace

Finding finding(const std::vector<CellResult>& results) {
  Finding finding{"recurrent",
                  "LoRA works for recurrent networks: as good as full fine-tuning, r = 1 suffices, "
                  "and both weights are at least as good as one at twice the rank",
                  "./run recurrent",
                  {},
                  trained_cells(results)};
  finding.in_summary = false;
  for (const std::string& architecture : architectures_in(results))
    for (const ScoreTable& table : tables_of(results, architecture)) add_scores(finding, table);
  return finding;
}

Finding directions_finding(const std::vector<CellResult>& results) {
  Finding finding{
      "recurrent-directions",
      "Figure 3 and Table 7 on the stacked weights: ranks share the top direction, and W "
      "has more there than in those of noise, and less than in its own",
      "./run recurrent",
      {}};
  finding.in_summary = false;
  for (const std::string& architecture : architectures_in(results))
    for (const ScoreTable& table : tables_of(results, architecture))
      add_directions(finding, of_architecture(results, architecture), table);
  for (const CellResult& result : results)
    finding.cells += std::ranges::any_of(
        result.more, [](const auto& entry) { return entry.first.starts_with("in_delta."); });
  return finding;
}

}  // namespace experiments::beyond::recurrent
