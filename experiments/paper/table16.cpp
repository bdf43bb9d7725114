#include "experiments/paper/table16.h"

#include <fmt/format.h>

#include <set>

#include "experiments/evidence/score_table.h"
#include "experiments/paper/numbers.h"
#include "lora/methods/method.h"

namespace experiments::paper::table16 {
namespace {

constexpr int batch = AdaptOptions().batch;
constexpr int smallest_set = 100;
const std::vector<std::string> methods{"lora", "prefix-embedding", "prefix-layer", "full"};

std::string row_of(const Cell& cell) {
  return cell.method == "frozen" ? cell.method : examples_row_name(cell.method, cell.examples);
}

Cell adapted(const Cell& cell, const Settings& options, const std::string& method) {
  if (method == "full") return full(cell);
  const Cell lora = lora_cell(cell, options, {"q", "v"}, 4);
  if (method == "lora") return lora;
  const nn::DecoderConfig model = base_config(0, 0).model;
  const lora::Index budget = lora::count(method_spec(lora), model);
  return method_cell(cell, method, static_cast<int>(lora::nearest({method}, budget, model).size));
}

std::vector<Cell> cells(const Settings& options) {
  std::vector<Cell> cells;
  for (const Cell& cell : repetitions(options)) {
    cells.push_back(frozen(cell));
    for (const int n : sizes(options.preset, cell.examples, cell.steps)) {
      Cell small = cell;
      small.examples = n;
      for (const std::string& method : methods) cells.push_back(adapted(small, options, method));
    }
  }
  return cells;
}

Section section(const ScoreTable& table) {
  std::set<int> sizes;
  for (const auto& [row, runs] : table.rows)
    if (row != "frozen") sizes.insert(runs.begin()->second.cell.examples);
  Section section = section_of(table);
  section.remarks.push_back(
      fmt::format("n is the number of training examples; with n = {} no "
                  "example comes twice.",
                  sizes.empty() ? 0 : *sizes.rbegin()));
  section.table = {{"method", "trained"}};
  for (const int n : sizes) section.table.front().push_back(fmt::format("n = {}", n));
  for (const int n : sizes) section.table.front().push_back(fmt::format("nll {}", n));
  for (const std::string& method : methods) {
    std::vector<std::string> row{method, "-"}, losses;
    for (const int n : sizes) {
      const Runs* runs = table.find(examples_row_name(method, n));
      if (runs != nullptr) row[1] = std::to_string(runs->begin()->second.trainable);
      row.push_back(score_text(runs));
      losses.push_back(nll_text(runs));
    }
    row.insert(row.end(), losses.begin(), losses.end());
    section.table.push_back(row);
  }
  std::vector<std::string> row{"frozen", "0"};
  row.insert(row.end(), sizes.size(), score_text(table.find("frozen")));
  row.insert(row.end(), sizes.size(), nll_text(table.find("frozen")));
  section.table.push_back(row);
  return section;
}

Section paper_section() {
  return {"The paper: GPT-3 175B on MultiNLI, validation accuracy in % (±0.3)",
          {},
          {{"method", "n = 100", "n = 1k", "n = 10k", "n = 392k"},
           {"lora", "63.8", "85.6", "89.2", "91.7"},
           {"prefix-embedding", "37.6", "75.2", "79.5", "88.6"},
           {"prefix-layer", "48.3", "82.5", "85.9", "89.6"},
           {"full", "60.2", "85.8", "88.9", "89.5"}}};
}

Report read(const Results& results, Lab&) {
  Report report{"Table 16 on toy tasks"};
  for (const ScoreTable& table : score_tables(results.all, row_of))
    report.sections.push_back(section(table));
  report.sections.push_back(paper_section());
  report.notes = {"The paper's numbers: Hu et al. 2021, Table 16."};
  return report;
}

}  // namespace

std::vector<int> sizes(Preset preset, int own, int steps) {
  std::set<int> sizes{smallest_set, own, batch * steps};
  if (preset == Preset::full) sizes.insert(1000);
  return {sizes.begin(), sizes.end()};
}

static std::vector<CellResult> paper_results() {
  std::vector<CellResult> results{printed("MultiNLI", {}, 0, 60.2),
                                  printed("MultiNLI", {"q", "v"}, 1, 63.8)};
  for (CellResult& result : results) result.cell.examples = smallest_set;
  return results;
}

static Finding finding_of(const std::vector<CellResult>& results) {
  Finding finding{"F8",
                  "LoRA is at least as good as full fine-tuning where examples are fewest "
                  "(Table 16)",
                  "./run table16",
                  {},
                  trained_cells(results)};
  for (const ScoreTable& table : score_tables(results, row_of)) {
    Contrast rule;
    rule.threshold = -margin_points;
    rule.text = fmt::format("LoRA on {{q,v}} minus full fine-tuning, n = {}; holds above {} points",
                            smallest_set, rule.threshold);
    finding.parts.push_back(
        {fmt::format("LoRA is at least as good as full fine-tuning at n = {}", smallest_set),
         table.task,
         linear_contrast(table,
                         {{examples_row_name("lora", smallest_set)},
                          {examples_row_name("full", smallest_set), -1}},
                         rule)});
  }
  return finding;
}

std::vector<Finding> findings(const std::vector<CellResult>& results) {
  return {beside_paper(finding_of(results), finding_of(paper_results()))};
}

Experiment experiment() {
  return {.name = "table16",
          .question = "the paper's Table 16: few training examples",
          .cells = cells,
          .read = read,
          .findings = [](const Results& results) { return findings(results.all); }};
}

}  // namespace experiments::paper::table16
