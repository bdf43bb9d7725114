#include "experiments/beyond/nli_switch.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/evidence/score_table.h"

namespace experiments::beyond::nli_switch {
namespace {

std::vector<int> sizes(Preset preset) {
  if (preset == Preset::smoke) return {250, 1000};
  if (preset == Preset::full) return {250, 500, 1000, 2000, 4000, 8000, 16000};
  return {250, 1000, 16000};
}

std::string row_of(const Cell& cell) {
  return cell.method == "frozen" ? cell.method
                                 : examples_row_name(weights_row_of(cell), cell.examples);
}

// No step is spared in quick either: a run that is cut short has not found the switch.
std::vector<Cell> cells(Settings settings) {
  if (settings.preset == Preset::quick) settings.steps_factor = 1;
  std::vector<Cell> cells;
  for (const data::Task& task : settings.tasks)
    for (const auto& [base_seed, seed] : base_and_seeds(settings)) {
      Cell cell = task_cell(settings, task, base_seed, seed);
      if (settings.preset == Preset::quick) cell.base_steps = BaseConfig().steps;
      cells.push_back(frozen(cell));
      for (const int n : sizes(settings.preset)) {
        cell.examples = n;
        cells.push_back(full(cell));
        for (const int rank : settings.ranks_or({1, 8}))
          for (const auto& targets : {std::vector<std::string>{"q"}, {"q", "v"}})
            if (settings.preset != Preset::quick || rank > 1 || targets.size() > 1)
              cells.push_back(lora_cell(cell, settings, targets, rank));
      }
    }
  return cells;
}

double is_solved(const CellResult& result) { return result.value >= solved_from ? 1 : 0; }

// "7 of 8 [47, 100] %"
std::string solved_text(const Runs* runs) {
  if (runs == nullptr) return "-";
  const Solved found = solved(*runs);
  return fmt::format("{} of {} [{:.0f}, {:.0f}] %", found.solved, found.runs, 100 * found.share.low,
                     100 * found.share.high);
}

// A line for each kind of row, a column for each n.
PlainTable table_of(const ScoreTable& scores, const std::set<int>& sizes,
                    const std::vector<std::string>& kinds, std::string (*text)(const Runs*)) {
  PlainTable table{{"trained"}};
  for (const int n : sizes) table.front().push_back(fmt::format("n = {}", n));
  for (const std::string& kind : kinds) {
    table.push_back({kind});
    for (const int n : sizes) table.back().push_back(text(scores.find(examples_row_name(kind, n))));
  }
  return table;
}

// LoRA's rows by weight set and r, then full fine-tuning.
std::vector<std::string> kinds_in(const std::vector<CellResult>& results) {
  std::set<std::tuple<std::size_t, std::string, int>> lora;
  for (const CellResult& result : results)
    if (result.cell.method == "lora")
      lora.insert({result.cell.targets.size(), weight_set(result.cell.targets), result.cell.rank});
  std::vector<std::string> kinds;
  for (const auto& [size, weights, rank] : lora) kinds.push_back(weights_row_name(weights, rank));
  kinds.push_back("full");
  return kinds;
}

Csv csv(const std::vector<CellResult>& results, const ScoreTable& scores) {
  Csv csv({"row", "n", "runs", "solved", "share", "low", "high", "mean", "sd"});
  for (const std::string& kind : kinds_in(results)) {
    std::string row = kind;  // gnuplot takes a comma for the end of a field, in quotes too
    std::replace(row.begin(), row.end(), ',', '+');
    for (const int n : examples_in(results))
      if (const Runs* runs = scores.find(examples_row_name(kind, n))) {
        const Solved found = solved(*runs);
        const Summary all = summary(*runs);
        csv.row(row, n, found.runs, found.solved, static_cast<double>(found.solved) / found.runs,
                found.share.low, found.share.high, all.mean, all.sd);
      }
  }
  return csv;
}

Report read(const Results& results, Lab&) {
  Report report{"How many examples it takes to find a switch"};
  const auto tables = score_tables(results.all, row_of);
  const ScoreTable& scores = tables.front();
  const std::set<int> sizes = examples_in(results.all);
  const std::vector<std::string> kinds = kinds_in(results.all);
  Section counts = section_of(scores);
  counts.title = fmt::format("nli: runs that solved it, from {:.0f} % on", 100 * solved_from);
  counts.remarks.push_back("In brackets the exact 95 % interval of their share.");
  counts.table = table_of(scores, sizes, kinds, solved_text);
  Section means{"nli: accuracy in %, which describes no run where some found the switch", {}, {}};
  means.remarks.push_back(fmt::format("Frozen: {}.", score_text(scores.find("frozen"))));
  means.table = table_of(scores, sizes, kinds, [](const Runs* runs) { return score_text(runs); });
  report.sections = {counts, means};
  report.notes = {"Every seed belongs to one base. One learning rate for each weight set, all n."};
  report.data = csv(results.all, scores);
  return report;
}

}  // namespace

Solved solved(const Runs& runs) {
  Solved found;
  for (const auto& [repetition, result] : runs) {
    ++found.runs;
    found.solved += is_solved(result) == 1;
  }
  found.share = exact_interval(found.solved, found.runs);
  return found;
}

Finding finding(const std::vector<CellResult>& results) {
  Finding finding{"switch",
                  "most runs miss a switch with few examples; with many r = 1 and Wq alone are "
                  "behind by less than half of the runs",
                  "./run switch",
                  {},
                  trained_cells(results)};
  finding.in_summary = false;
  const std::set<int> sizes = examples_in(results);
  if (sizes.empty()) return finding;
  const auto tables = score_tables(results, row_of);
  const auto add = [&](const char* statement, int n, const std::string& text,
                       const std::vector<Term>& terms, double threshold, bool above) {
    Contrast rule;
    rule.text =
        fmt::format("runs solved, {}; holds {} {}", text, above ? "above" : "below", threshold);
    rule.threshold = threshold;
    rule.holds_above = above;
    rule.unit = "runs";
    finding.parts.push_back({statement, fmt::format("nli, n = {}", n),
                             linear_contrast(tables.front(), terms, rule, is_solved)});
  };
  const int few = *sizes.begin(), many = *sizes.rbegin();
  add("with many examples r = 1 is behind by less than half of the runs", many,
      "{q,v} at r = 1 minus r = 8",
      {{examples_row_name(weights_row_name("q,v", 1), many)},
       {examples_row_name(weights_row_name("q,v", 8), many), -1}},
      -0.5, true);
  add("with few examples fewer than half of the runs find it", few, "{q,v} at r = 8",
      {{examples_row_name(weights_row_name("q,v", 8), few)}}, 0.5, false);
  add("with many examples Wq alone is behind by less than half of the runs", many,
      "{q} minus {q,v}, both at r = 8",
      {{examples_row_name(weights_row_name("q", 8), many)},
       {examples_row_name(weights_row_name("q,v", 8), many), -1}},
      -0.5, true);
  return finding;
}

Experiment experiment() {
  return {.name = "switch",
          .question = "how many examples it takes to find a switch, at r = 1, 8 and in full (nli)",
          .cells = cells,
          .read = read,
          .findings = [](const Results& results) { return std::vector{finding(results.all)}; },
          .tasks = {data::tasks::nli},
          .listens = {"--ranks"},
          .without = {{"--tasks", "it runs on nli"}, {"--facts", "it runs on nli"}}};
}

}  // namespace experiments::beyond::nli_switch
