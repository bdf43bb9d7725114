#include <fmt/format.h>

#include "experiments/evidence/score_table.h"
#include "experiments/harness/experiment.h"

/// An experiment of one's own: what is left of {q,v} at r = 2, where the scale stays what it is?
/// With alpha fixed the scale alpha/r falls as r grows, so a trend along r may be one of the scale.
/// Here alpha is 2r and the scale 2 for every r, which is also where the learning rate of the row
/// was searched (alpha = 8, r = 4). Controls: the frozen base and full fine-tuning.
///
/// The rule, fixed before any run; D in points within one repetition, on each task:
///
///   M1  "r = 2 does what larger ranks do"
///       D = score(r = 2) - mean of score(r = 4), score(r = 8)          holds here if D > -margin
///       The reference is a mean and not the best of them, which would be chosen by its luck.
namespace experiments::beyond::rank_ablation {
namespace {

std::vector<Cell> cells(const Settings& settings) {
  std::vector<Cell> cells;
  for (const Cell& repetition : repetitions(settings)) {
    cells.push_back(frozen(repetition));
    cells.push_back(full(repetition));
    for (const int rank : settings.ranks_or({1, 2, 4, 8})) {
      cells.push_back(lora_cell(repetition, settings, {"q", "v"}, rank));
      cells.back().alpha = 2 * rank;
    }
  }
  return cells;
}

Section section(const ScoreTable& table) {
  Section section = section_of(table);
  section.table = {{"", "trained", "score", "nll"}};
  for (const auto& [row, runs] : table.rows)
    section.table.push_back(
        {row, std::to_string(summary(runs).trainable), score_text(&runs), nll_text(&runs)});
  return section;
}

Finding finding(const std::vector<CellResult>& results) {
  Finding m1{"M1", "r = 2 does what larger ranks do, at one scale", "./run rank-ablation", {}};
  m1.cells = trained_cells(results);
  m1.in_summary = false;  // it is nothing that the paper says
  Contrast rule;
  rule.text = "r = 2 minus the mean of r = 4 and 8, alpha = 2r; holds above -3 points";
  rule.threshold = -margin_points;
  std::vector<Term> terms = mean_of({rank_row_name(4), rank_row_name(8)}, -1);
  terms.push_back({rank_row_name(2)});
  for (const ScoreTable& table : score_tables(results, rank_row_of))
    m1.parts.push_back({m1.statement, table.label, linear_contrast(table, terms, rule)});
  return m1;
}

Report read(const Results& results, Lab&) {
  Report report{"Rank at one scale"};
  for (const ScoreTable& table : score_tables(results.all, rank_row_of))
    report.sections.push_back(section(table));
  report.findings = {finding(results.all)};
  return report;
}

}  // namespace

Experiment experiment() {
  return {.name = "rank-ablation",
          .question = "does r = 2 do what larger ranks do, where alpha/r stays the same?",
          .cells = cells,
          .read = read,
          .listens = {"--ranks"}};
}

}  // namespace experiments::beyond::rank_ablation
