#include "experiments/paper/table16.h"

#include <fmt/format.h>

#include <set>

#include "experiments/evidence/score_table.h"
#include "experiments/paper/table6_verdicts.h"
#include "lora/methods/method.h"

namespace experiments {
namespace {

constexpr int batch = AdaptOptions().batch;
const std::vector<std::string> methods{"lora", "prefix-embedding", "prefix-layer", "full"};

std::string table16_row_name(const std::string& method, int n) {
  return fmt::format("{} n={}", method, n);
}

std::string table16_row_of(const Cell& cell) {
  return cell.method == "frozen" ? cell.method : table16_row_name(cell.method, cell.examples);
}

Cell adapted(const Cell& cell, const StudyOptions& options, const std::string& method) {
  if (method == "full") return full(cell);
  const Cell lora = lora_cell(cell, options, {"q", "v"}, 4);
  if (method == "lora") return lora;
  const nn::DecoderConfig model = base_config(0, 0).model;
  const lora::Index budget = lora::count(method_spec(lora), model);
  return method_cell(cell, method, static_cast<int>(lora::nearest({method}, budget, model).size));
}

std::vector<Cell> table16_cells(const StudyOptions& options) {
  std::vector<Cell> cells;
  for (const Cell& cell : repetitions(options)) {
    cells.push_back(frozen(cell));
    for (const int n : table16_sizes(options.preset, cell.examples, cell.steps)) {
      Cell small = cell;
      small.examples = n;
      for (const std::string& method : methods) cells.push_back(adapted(small, options, method));
    }
  }
  return cells;
}

Section table16_section(const ScoreTable& table) {
  std::set<int> sizes;
  for (const auto& [row, runs] : table.rows)
    if (row != "frozen") sizes.insert(runs.begin()->second.cell.examples);
  Section section = section_of(table);
  section.remarks.push_back(
      fmt::format("n is the number of training examples; with n = {} no "
                  "example comes twice.",
                  sizes.empty() ? 0 : *sizes.rbegin()));
  section.grid = {{"method", "trained"}};
  for (const int n : sizes) section.grid.front().push_back(fmt::format("n = {}", n));
  for (const int n : sizes) section.grid.front().push_back(fmt::format("nll {}", n));
  for (const std::string& method : methods) {
    std::vector<std::string> row{method, "-"}, losses;
    for (const int n : sizes) {
      const Runs* runs = table.find(table16_row_name(method, n));
      if (runs != nullptr) row[1] = std::to_string(runs->begin()->second.trainable);
      row.push_back(score_text(runs));
      losses.push_back(nll_text(runs));
    }
    row.insert(row.end(), losses.begin(), losses.end());
    section.grid.push_back(row);
  }
  std::vector<std::string> row{"frozen", "0"};
  row.insert(row.end(), sizes.size(), score_text(table.find("frozen")));
  row.insert(row.end(), sizes.size(), nll_text(table.find("frozen")));
  section.grid.push_back(row);
  return section;
}

Section table16_paper_section() {
  return {"The paper: GPT-3 175B on MultiNLI, validation accuracy in % (±0.3)",
          {},
          {{"method", "n = 100", "n = 1k", "n = 10k", "n = 392k"},
           {"lora", "63.8", "85.6", "89.2", "91.7"},
           {"prefix-embedding", "37.6", "75.2", "79.5", "88.6"},
           {"prefix-layer", "48.3", "82.5", "85.9", "89.6"},
           {"full", "60.2", "85.8", "88.9", "89.5"}}};
}

std::vector<Finding> run_table16(const StudyOptions& options, Bases& bases, Progress& progress) {
  Study study{"table16", table16_cells(options)};
  set_learning_rates(study.cells, options, bases, progress);
  const auto results = run_study(std::move(study), options, bases, progress);
  std::vector<Section> sections;
  for (const ScoreTable& table : score_tables(results, table16_row_of))
    sections.push_back(table16_section(table));
  sections.push_back(table16_paper_section());
  publish(options, "table16", "Table 16 on toy tasks", sections,
          {"The paper's numbers: Hu et al. 2021, Table 16."}, results);
  return table16_findings(results);
}

}  // namespace

std::vector<int> table16_sizes(const std::string& preset, int own, int steps) {
  std::set<int> sizes{smallest_set, own, batch * steps};
  if (preset == "full") sizes.insert(1000);
  return {sizes.begin(), sizes.end()};
}

std::vector<Finding> table16_findings(const std::vector<CellResult>& results) {
  Finding finding{"F8",
                  "LoRA is at least as good as full fine-tuning where examples are fewest "
                  "(Table 16)",
                  "./run table16",
                  {},
                  trained_cells(results)};
  for (const ScoreTable& table : score_tables(results, table16_row_of)) {
    Contrast rule;
    rule.threshold = -margin_points;
    rule.text = fmt::format("LoRA on {{q,v}} minus full fine-tuning, n = {}; holds above {} points",
                            smallest_set, rule.threshold);
    finding.parts.push_back(
        {fmt::format("LoRA is at least as good as full fine-tuning at n = {}", smallest_set),
         table.task,
         linear_contrast(table,
                         {{table16_row_name("lora", smallest_set)},
                          {table16_row_name("full", smallest_set), -1}},
                         rule)});
  }
  return {finding};
}

Experiment table16_experiment() {
  return {"table16", "the paper's Table 16: few training examples", table16_cells, run_table16};
}

}  // namespace experiments
