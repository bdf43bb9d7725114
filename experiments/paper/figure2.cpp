#include <algorithm>

#include "experiments/paper/table15.h"

/// Hu et al. 2021, Figure 2: score against the number of trained parameters, on a log axis. The runs
/// are those of table15 (it fills OUT/table15 where that lacks some); the figure is drawn by
/// experiments/paper/figure2.gp.
namespace experiments::paper::figure2 {

Experiment experiment();

namespace {

Section section(const ScoreTable& table) {
  Section section = section_of(table);
  section.table = {{"trained", "method and size", "score", "nll"}};
  std::vector<std::pair<long, std::string>> points;
  for (const auto& [row, runs] : table.rows) points.emplace_back(summary(runs).trainable, row);
  std::sort(points.begin(), points.end());
  for (const auto& [trained, row] : points) {
    const Runs* runs = table.find(row);
    section.table.push_back({std::to_string(trained), row, score_text(runs), nll_text(runs)});
  }
  return section;
}

Report read(const Results& results, Lab&) {
  Report report{"Figure 2 on toy tasks: score against trained parameters"};
  for (const ScoreTable& table : score_tables(results.all, table15::row_of))
    report.sections.push_back(section(table));
  report.notes = {
      "The same runs as table15. With gnuplot, experiments/paper/figure2.gp draws them."};
  return report;
}

}  // namespace

Experiment experiment() {
  return {
      .name = "figure2",
      .question = "the paper's Figure 2: the runs of table15 by their number of parameters",
      .cells = table15::cells,
      .read = read,
      .sweep = "table15",
      .without = {{"--fresh", "its runs are those of table15, whose --fresh starts them over"}}};
}

}  // namespace experiments::paper::figure2
