#include "experiments/paper/table6.h"

#include <fmt/format.h>

#include "experiments/harness/output.h"
#include "experiments/paper/table6_report.h"

namespace experiments {

Table6Options table6_preset(const std::string& name) {
  Table6Options options{study_preset(name)};
  if (name == "smoke") options.ranks = {1, 4, 8};
  if (name == "full") options.ranks = {1, 2, 4, 8, 16};
  return options;
}

std::vector<Cell> table6_cells(const Table6Options& options) {
  std::vector<Cell> cells;
  for (const Cell& cell : repetitions(options)) {
    cells.push_back(frozen(cell));
    cells.push_back(full(cell));
    for (const auto& targets : options.targets)
      for (const int rank : options.ranks) cells.push_back(lora_cell(cell, options, targets, rank));
  }
  return cells;
}

std::vector<Finding> run_table6(const Table6Options& options, Bases& bases, Progress& progress) {
  Study study{"table6", table6_cells(options)};
  set_learning_rates(study.cells, options, bases, progress);
  const auto results = run_study(std::move(study), options, bases, progress);

  const auto tables = table6_grid(results);
  const auto verdicts = table6_verdicts(tables);
  write_result(options, "table6", ".md", table6_markdown(tables, verdicts));
  write_result(options, "table6", ".csv", table6_csv(tables));
  print_out("{}", table6_console(tables, verdicts));
  return table6_findings(tables);
}

Experiment table6_experiment() {
  const auto with_grid = [](const StudyOptions& options) {
    Table6Options grid = table6_preset(options.preset);
    static_cast<StudyOptions&>(grid) = options;
    return grid;
  };
  return {"table6", "the paper's Table 6 on the toy tasks: rank against adapted weights",
          [=](const StudyOptions& options) { return table6_cells(with_grid(options)); },
          [=](const StudyOptions& options, Bases& bases, Progress& progress) {
            return run_table6(with_grid(options), bases, progress);
          }};
}

}  // namespace experiments
