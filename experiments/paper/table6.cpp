#include "experiments/paper/table6.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <limits>

#include "experiments/paper/numbers.h"

namespace experiments::paper::table6 {
namespace {

struct Grid {
  std::vector<std::string> targets;
  std::vector<int> ranks;
};

// quick has what statements (a) to (d) need and no more, so that eight repetitions take five minutes:
// not full fine-tuning, which the paper's table has not either.
bool is_least(const Settings& settings) {
  return settings.preset == Preset::quick && settings.ranks.empty() && settings.targets.empty();
}

std::vector<Grid> grids_of(const Settings& settings) {
  const std::vector<std::string> q{"q"}, q_and_v{"q", "v"}, all_four{"q", "k", "v", "o"};
  if (is_least(settings)) return {{q, {8}}, {q_and_v, {1, 4, 8}}, {all_four, {4}}};
  std::vector<int> ranks{1, 2, 4, 8};
  if (settings.preset == Preset::smoke) ranks = {1, 4, 8};
  if (settings.preset == Preset::full) ranks = {1, 2, 4, 8, 16};
  std::vector<Grid> grids;
  for (const auto& targets :
       settings.targets.empty() ? std::vector{q, q_and_v, all_four} : settings.targets)
    grids.push_back({targets, settings.ranks_or(ranks)});
  return grids;
}

std::vector<Cell> cells(const Settings& settings) {
  std::vector<Cell> cells;
  for (const Cell& cell : repetitions(settings)) {
    cells.push_back(frozen(cell));
    if (!is_least(settings)) cells.push_back(full(cell));
    for (const auto& [targets, ranks] : grids_of(settings))
      for (const int rank : ranks) cells.push_back(lora_cell(cell, settings, targets, rank));
  }
  return cells;
}

/// A row of the paper's Table 6 (arXiv 2106.09685v2; GPT-3 175B, validation accuracy in percent).
/// The paper gives its noise as ±0.5 (WikiSQL) and ±0.1 (MultiNLI).
struct PaperRow {
  const char* dataset;
  const char* weights;          // as weight_set() writes it
  std::map<int, double> score;  // by rank
};

const std::vector<PaperRow>& paper_rows() {
  static const std::vector<PaperRow> rows = {
      {"WikiSQL", "q", {{1, 68.8}, {2, 69.6}, {4, 70.5}, {8, 70.4}, {64, 70.0}}},
      {"WikiSQL", "q,v", {{1, 73.4}, {2, 73.3}, {4, 73.7}, {8, 73.8}, {64, 73.5}}},
      {"WikiSQL", "q,k,v,o", {{1, 74.1}, {2, 73.7}, {4, 74.0}, {8, 74.0}, {64, 73.9}}},
      {"MultiNLI", "q", {{1, 90.7}, {2, 90.9}, {4, 91.1}, {8, 90.7}, {64, 90.7}}},
      {"MultiNLI", "q,v", {{1, 91.3}, {2, 91.4}, {4, 91.3}, {8, 91.6}, {64, 91.4}}},
      {"MultiNLI", "q,k,v,o", {{1, 91.2}, {2, 91.7}, {4, 91.7}, {8, 91.5}, {64, 91.4}}},
  };
  return rows;
}

}  // namespace

std::vector<CellResult> paper_results() {
  std::vector<CellResult> results;
  for (const PaperRow& row : paper_rows()) {
    std::vector<std::string> targets;
    for (const char matrix : std::string(row.weights))
      if (matrix != ',') targets.emplace_back(1, matrix);
    for (const auto& [rank, score] : row.score)
      results.push_back(printed(row.dataset, targets, rank, score));
  }
  return results;
}

namespace {

/// The data set of the paper that a toy task stands in the spirit of; empty if Table 6 has none.
std::string dataset_of(const std::string& task) {
  return task == "sqlgen" ? "WikiSQL" : task == "nli" ? "MultiNLI" : "";
}

std::string spirit_of(const std::string& task) {
  if (task == "sqlgen")
    return "In the spirit of WikiSQL: new facts, since K words change their meaning.";
  if (task == "nli") return "In the spirit of MultiNLI: a switch to what the base knows.";
  return "In the spirit of E2E and SAMSum, which Table 6 does not have: re-ordering.";
}

/// "full: 95.7 ±0.4, nll 0.250, 112960 trained, lr 0.001; WikiSQL 73.8."
std::string reference_text(const ScoreTable& table, const std::string& row) {
  const Runs* runs = table.find(row);
  if (runs == nullptr) return "";
  const Summary s = summary(*runs);
  std::string text = fmt::format("{}: {}, nll {:.3f}, {} trained",
                                 row == "frozen" ? "Frozen (r = 0)" : "Full fine-tuning",
                                 score_text(s), s.nll, s.trainable);
  if (s.lr > 0) text += fmt::format(", lr {}", s.lr);
  const std::string dataset = dataset_of(table.task);
  if (row == "full" && !dataset.empty())
    text += fmt::format("; {} {}", dataset,
                        dataset == "WikiSQL" ? paper_full.wikisql : paper_full.multinli);
  return text + ".";
}

using Row = std::vector<std::string>;

/// The rows of one weight set: scores with a star at the best, what stands beside them, the
/// paper's.
std::vector<Row> rows_of(const ScoreTable& table, const std::string& weights,
                         const std::vector<int>& ranks) {
  Row score{weights_label(weights)}, nll{"  nll"}, trained{"  trained"}, lr{"  lr"};
  double best = -std::numeric_limits<double>::infinity();
  std::size_t at = 0, entries = 0;
  for (const int r : ranks) {
    const Runs* runs = table.find(weights_row_name(weights, r));
    score.push_back(score_text(runs));
    nll.push_back(nll_text(runs));
    trained.push_back(runs == nullptr ? "-" : std::to_string(summary(*runs).trainable));
    lr.push_back(runs == nullptr ? "-" : fmt::format("{}", summary(*runs).lr));
    if (runs == nullptr) continue;
    ++entries;
    if (summary(*runs).mean > best) best = summary(*runs).mean, at = score.size() - 1;
  }
  if (entries > 1 && at > 0) score[at] += "*";
  std::vector<Row> rows{score, nll, trained, lr};
  for (const PaperRow& paper : paper_rows()) {
    if (paper.dataset != dataset_of(table.task) || paper.weights != weights) continue;
    rows.push_back({fmt::format("  {} (paper)", paper.dataset)});
    for (const int r : ranks)
      rows.back().push_back(paper.score.contains(r) ? fmt::format("{:.1f}", paper.score.at(r))
                                                    : "-");
  }
  return rows;
}

/// All ranks of the task's runs and of the paper's table.
std::vector<int> columns_of(const ScoreTable& table) {
  std::set<int> ranks;
  for (const auto& [row, runs] : table.rows) ranks.insert(runs.begin()->second.cell.rank);
  ranks.erase(0);
  if (!ranks.empty())
    for (const PaperRow& paper : paper_rows())
      if (paper.dataset == dataset_of(table.task))
        for (const auto& [r, score] : paper.score) ranks.insert(r);
  return {ranks.begin(), ranks.end()};
}

Section section(const ScoreTable& table) {
  Section section = section_of(table);
  section.remarks.insert(section.remarks.begin(), spirit_of(table.task));
  for (const char* row : {"frozen", "full"})
    if (std::string text = reference_text(table, row); !text.empty())
      section.remarks.push_back(std::move(text));
  const std::vector<int> ranks = columns_of(table);
  section.table = {{""}};
  for (const int r : ranks) section.table[0].push_back(fmt::format("r = {}", r));
  for (const std::string& weights : weight_sets_in(table))
    for (Row& row : rows_of(table, weights, ranks)) section.table.push_back(std::move(row));
  return section;
}

Report read(const Results& results, Lab&) {
  Report report{"Table 6 on toy tasks"};
  const std::vector<ScoreTable> tables = score_tables(results.all, weights_row_of);
  for (const ScoreTable& table : tables) report.sections.push_back(section(table));
  report.notes = {
      "* the best r of a row; - not run (r = 64 is in the paper alone). WikiSQL (noise ±0.5) and "
      "MultiNLI (±0.1) are GPT-3 175B in Hu et al. 2021, Table 6, and Table 4 for full "
      "fine-tuning."};
  return report;
}

std::vector<Finding> findings(const Results& results) {
  const std::vector<ScoreTable> tables = score_tables(results.all, weights_row_of);
  std::vector<Finding> found = statements_of(tables);
  found.push_back(finding_of(tables));
  found.back().cells = trained_cells(results.all);
  return found;
}

}  // namespace

std::string weights_label(const std::string& weights) {
  std::string label = "W";
  for (const char c : weights) label += c == ',' ? std::string(",W") : std::string(1, c);
  return label;
}

Experiment experiment() {
  return {.name = "table6",
          .question = "the paper's Table 6 on the toy tasks: rank against adapted weights",
          .cells = cells,
          .read = read,
          .findings = findings,
          .listens = {"--ranks", "--targets"}};
}

}  // namespace experiments::paper::table6
