#include "experiments/paper/table5.h"

#include <fmt/format.h>

#include "experiments/evidence/score_table.h"
#include "experiments/paper/numbers.h"
#include "experiments/paper/table6.h"
#include "lora/methods/method.h"

namespace experiments::paper::table5 {
namespace {

const std::vector<std::string> attention{"q", "k", "v", "o"}, mlp{"up", "down"},
    all_six{"q", "k", "v", "o", "up", "down"};

lora::MethodSpec lora_on(const std::vector<std::string>& targets, int rank) {
  lora::MethodSpec spec{"lora"};
  spec.lora.targets = targets;
  spec.lora.spec.rank = rank;
  return spec;
}

// The row of these targets whose number of parameters is nearest to `budget`.
Row nearest_row(const std::vector<std::string>& targets, long budget) {
  const lora::MethodSpec spec =
      lora::nearest(lora_on(targets, 1), budget, BaseConfig::default_model());
  return {targets, static_cast<int>(spec.lora.spec.rank)};
}

std::string row_name(const std::vector<std::string>& targets, int rank) {
  return weights_row_name(weight_set(targets), rank);
}

Section section(const ScoreTable& table) {
  Section section = section_of(table);
  const bool wikisql = table.task == "sqlgen", multinli = table.task == "nli";
  section.table = {{"adapted", "r", "trained", "score", "nll", "lr"}};
  if (wikisql) section.table.front().emplace_back("WikiSQL");
  if (multinli) section.table.front().emplace_back("MultiNLI");
  const auto add = [&](const std::string& label, const std::string& rank, const Runs* runs,
                       double paper) {
    if (runs == nullptr) return;
    const Summary s = summary(*runs);
    std::vector<std::string> row{label,
                                 rank,
                                 std::to_string(s.trainable),
                                 score_text(runs),
                                 nll_text(runs),
                                 s.lr > 0 ? fmt::format("{}", s.lr) : "-"};
    if (wikisql || multinli) row.push_back(paper > 0 ? fmt::format("{:.1f}", paper) : "-");
    section.table.push_back(row);
  };
  add("frozen", "0", table.find("frozen"), 0);
  for (const Row& row : rows())
    add(table6::weights_label(weight_set(row.targets)), std::to_string(row.rank),
        table.find(row.name()), wikisql ? row.wikisql : row.multinli);
  add("full", "-", table.find("full"), wikisql ? paper_full.wikisql : paper_full.multinli);
  return section;
}

void add_wrong_matrix_is_worst(Finding& finding, const ScoreTable& table) {
  const std::vector<std::string> others{row_name({"v"}, 8), row_name({"o"}, 8),
                                        row_name({"q", "k"}, 4), row_name({"q", "v"}, 4),
                                        row_name(attention, 2)};
  for (const char* matrix : {"q", "k"}) {
    std::vector<Term> terms = mean_of(others);
    terms.push_back({row_name({matrix}, 8), -1});
    Contrast rule;
    rule.text = fmt::format(
        "mean of v, o, {{q,k}}, {{q,v}} and all four minus {} alone, equal parameters; holds above "
        "0 points",
        matrix);
    finding.parts.push_back({fmt::format("W{} alone is below the mean of the others", matrix),
                             table.task, linear_contrast(table, terms, rule)});
  }
}

void add_two_beat_one(Finding& finding, const ScoreTable& table) {
  for (const std::string& matrix : attention) {
    Contrast rule;
    rule.threshold = -margin_points;
    rule.text = fmt::format("{{q,v}} at r = 4 minus {} at r = 8; holds above {} points", matrix,
                            rule.threshold);
    finding.parts.push_back(
        {fmt::format("{{q,v}} is at least as good as W{} alone", matrix), table.task,
         linear_contrast(table, {{row_name({"q", "v"}, 4)}, {row_name({matrix}, 8), -1}}, rule)});
  }
}

void add_mlp(Finding& finding, const ScoreTable& table) {
  Contrast alone;
  alone.text = "{up,down} at r = 4 minus {q,k,v,o} at r = 5; holds above 0 points";
  finding.parts.push_back(
      {"the MLP is a better place than attention at equal parameters", table.task,
       linear_contrast(table, {{row_name(mlp, 4)}, {row_name(attention, 5), -1}}, alone)});
  Contrast both;
  both.threshold = -margin_points;
  both.text = fmt::format("all six at r = 2 minus {{up,down}} at r = 4; holds above {} points",
                          both.threshold);
  finding.parts.push_back(
      {"attention and MLP together are at least as good as the MLP", table.task,
       linear_contrast(table, {{row_name(all_six, 2)}, {row_name(mlp, 4), -1}}, both)});
}

std::vector<Cell> cells(const Settings& options) {
  std::vector<Cell> cells;
  for (const Cell& cell : repetitions(options)) {
    cells.push_back(frozen(cell));
    cells.push_back(full(cell));
    for (const Row& row : rows()) cells.push_back(lora_cell(cell, options, row.targets, row.rank));
  }
  return cells;
}

Report read(const Results& results, Lab&) {
  Report report{"Table 5 on toy tasks"};
  for (const ScoreTable& table : score_tables(results.all, weights_row_of))
    report.sections.push_back(section(table));
  report.notes = {
      "WikiSQL (noise ±0.5) and MultiNLI (±0.1): GPT-3 175B in Hu et al. 2021, Table 5, and Table "
      "4 for full fine-tuning."};
  return report;
}

}  // namespace

std::string Row::name() const { return weights_row_name(weight_set(targets), rank); }

long Row::trained() const {
  return lora::count(lora_on(targets, rank), BaseConfig::default_model());
}

std::vector<Row> rows() {
  std::vector<Row> rows{{{"q"}, 8, 70.4, 91.0},      {{"k"}, 8, 70.0, 90.8},
                        {{"v"}, 8, 73.0, 91.0},      {{"o"}, 8, 73.2, 91.3},
                        {{"q", "k"}, 4, 71.4, 91.3}, {{"q", "v"}, 4, 73.7, 91.3},
                        {attention, 2, 73.7, 91.7}};
  const long budget = rows.front().trained();
  for (const auto& targets : {mlp, all_six}) rows.push_back(nearest_row(targets, budget));
  for (const auto& targets : {attention, mlp, all_six})
    rows.push_back(nearest_row(targets, 5 * budget / 2));
  return rows;
}

static std::vector<CellResult> paper_results() {
  std::vector<CellResult> results;
  for (const Row& row : rows())
    for (const auto& [dataset, score] :
         {std::pair{"WikiSQL", row.wikisql}, {"MultiNLI", row.multinli}})
      if (score > 0) results.push_back(printed(dataset, row.targets, row.rank, score));
  return results;
}

static std::vector<Finding> findings_of(const std::vector<CellResult>& results) {
  Finding f1{"F1",
             "Wq or Wk alone is worst; {q,v} is at least as good as any single matrix "
             "(Table 5)",
             "./run table5",
             {},
             trained_cells(results)};
  Finding f10{"F10",
              "LoRA on the MLP against LoRA on attention at equal parameters "
              "(beyond the paper)",
              "./run table5",
              {},
              trained_cells(results)};
  for (const ScoreTable& table : score_tables(results, weights_row_of)) {
    add_wrong_matrix_is_worst(f1, table);
    add_two_beat_one(f1, table);
    add_mlp(f10, table);
  }
  return {f1, f10};
}

std::vector<Finding> findings(const std::vector<CellResult>& results) {
  std::vector<Finding> found = findings_of(results);
  found[0] = beside_paper(found[0], findings_of(paper_results())[0]);
  return found;
}

Experiment experiment() {
  return {.name = "table5",
          .question = "the paper's Table 5: which weight matrices to adapt at one budget",
          .cells = cells,
          .read = read,
          .findings = [](const Results& results) { return findings(results.all); }};
}

}  // namespace experiments::paper::table5
