#include "experiments/beyond/step_size.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/harness/cell_cost.h"
#include "experiments/harness/search_rates.h"
#include "lora/analysis/low_rank.h"
#include "lora/analysis/subspace.h"

namespace experiments::beyond::step_size {
namespace {

// Of the recorded rate, and of alpha. Powers of two, so that the products are exact.
std::vector<double> factors(Preset preset) {
  if (preset == Preset::smoke) return {1. / 16, 1};
  if (preset == Preset::full) return {1. / 16, 1. / 8, 1. / 4, 1. / 2, 1, 2};
  return {1. / 16, 1. / 4, 1};
}

double recorded_rate(const Cell& cell) { return rate_of(cell, recorded_learning_rates()); }

// The rate varied at the usual alpha, and alpha at the recorded rate; the two share factor 1.
std::vector<Cell> steps_of(Cell cell, Preset preset) {
  cell.lr = recorded_rate(cell);
  std::vector<Cell> cells;
  for (const double factor : factors(preset)) {
    cells.push_back(cell);
    cells.back().lr *= factor;
    if (factor == 1) continue;
    cells.push_back(cell);
    cells.back().alpha *= factor;
  }
  return cells;
}

std::vector<Cell> cells(const Settings& given) {
  Settings settings = given;
  if (settings.preset == Preset::smoke && !settings.seeds_given) settings.seeds = 1;
  std::vector<Cell> cells;
  for (const data::Task& task : settings.tasks)
    for (const auto& [base_seed, seed] : base_and_seeds(settings)) {
      const Cell repetition = task_cell(settings, task, base_seed, seed);
      cells.push_back(frozen(repetition));
      for (const int rank : {amplified, more})
        for (const Cell& cell :
             steps_of(lora_cell(repetition, settings, {"q", "v"}, rank), settings.preset))
          cells.push_back(cell);
    }
  return cells;
}

// Of the adapters of fewer ranks, each trained for one of more; r hardly tells in the time.
double seconds_of_fewer(const Settings& settings) {
  double seconds = 0;
  for (const Cell& cell : cells(settings))
    if (cell.rank == more) seconds += expected_seconds(cell) / settings.jobs;
  return seconds;
}

// ---- tables and data ----------------------------------------------------------------------------

// The rate at the usual alpha, or alpha at the recorded rate.
struct Axis {
  const char* name;
  double Cell::*varied;
  double Cell::*kept;
  double at;  // of what is kept

  Cell point(double value) const {
    Cell cell;
    cell.*varied = value;
    cell.*kept = at;
    return cell;
  }
};

std::set<double> values_on(const std::vector<CellResult>& results, const std::string& task,
                           const Axis& axis) {
  std::set<double> values;
  for (const CellResult& result : results)
    if (const Cell& cell = result.cell;
        task_label(cell) == task && cell.method == "lora" && cell.*axis.kept == axis.at)
      values.insert(cell.*axis.varied);
  return values;
}

std::vector<double> finite(const ByRepetition& each) {
  std::vector<double> x = values(each);
  std::erase_if(x, [](double value) { return !std::isfinite(value); });
  return x;
}

struct Column {
  const char *quantity, *head;
  int decimals;
};
constexpr Column columns[] = {{"score", "score, r = 4", 1},   {"score_more", "score, r = 16", 1},
                              {"top", "φ(1,1)", 2},           {"second", "σ2/σ1", 2},
                              {"cosine", "cos²", 2},          {"relative", "‖ΔW‖/‖W‖", 2},
                              {"factor", "factor", 1},        {"over_random", "ΔW ÷ random", 2},
                              {"position", "log-position", 2}};

std::string entry(const std::vector<double>& x, const Column& column) {
  if (x.empty() || !quantity(column.quantity).is_quotient) return mean_and_sd(x, column.decimals);
  return fmt::format("{:.{}f}", std::exp2(mean(x)), column.decimals);
}

Section section(const std::vector<CellResult>& results, const std::string& task, const Axis& axis) {
  Section section;
  section.title = fmt::format("{}: against {}, at {} {}", task, axis.name,
                              axis.varied == &Cell::lr ? "alpha" : "lr", axis.at);
  section.table = {{axis.name}};
  for (const Column& column : columns) section.table.front().push_back(column.head);
  for (const double value : values_on(results, task, axis)) {
    const Cell at = axis.point(value);
    section.table.push_back({fmt::format("{:g}", value)});
    for (const Column& column : columns)
      section.table.back().push_back(entry(
          finite(read_off(results, task, at.lr, at.alpha, quantity(column.quantity))), column));
  }
  return section;
}

Section paper() {
  Section section{"The paper: GPT-3, Wq of layer 48 of 96, d = 12288, Table 7", {}, {}};
  section.table = {{"r", "‖ΔW‖/‖W‖", "factor", "ΔW ÷ random", "log-position"}};
  constexpr double w_norm = 61.95;
  struct Row {
    int r;
    double delta_norm, in_delta, in_w;
  };
  for (const Row& row : {Row{4, 6.91, 0.32, 21.67}, Row{64, 3.57, 1.90, 37.71}}) {
    lora::Amplification a;
    a.r = row.r, a.delta_norm = row.delta_norm, a.in_delta = row.in_delta, a.in_w = row.in_w;
    a.expected_random = w_norm * row.r / 12288;  // printed as 0.02 and 0.33
    section.table.push_back({fmt::format("{}", a.r), fmt::format("{:.2f}", a.delta_norm / w_norm),
                             fmt::format("{:.1f}", a.factor()),
                             fmt::format("{:.2f}", a.over_random()),
                             fmt::format("{:.2f}", a.log_position())});
  }
  return section;
}

// Mean and 95 % t interval over the repetitions; of a quotient, those of its logarithm.
void add_data(const std::vector<CellResult>& results, const std::string& task, const Axis& axis,
              Csv& csv) {
  for (const double value : values_on(results, task, axis))
    for (const char* kind : {"", "q", "v"})
      for (const Column& column : columns) {
        const Quantity& what = quantity(column.quantity);
        if (kind[0] != '\0' && what.name.starts_with("score")) continue;
        const Cell at = axis.point(value);
        const auto x = finite(read_off(results, task, at.lr, at.alpha, what, kind));
        const Interval t = t_interval_or_nan(x);
        const auto shown = [&](double y) { return what.is_quotient ? std::exp2(y) : y; };
        csv.row(task.substr(0, task.find(',')), axis.name, at.lr, at.alpha,
                kind[0] == '\0' ? "all" : kind, what.name, x.size(), shown(mean(x)), shown(t.low),
                shown(t.high));
      }
}

Report read(const Results& given, Lab& lab) {
  const std::vector<CellResult> results = asked_for(given);
  const double alpha = lab.settings.alpha;
  Report report{"Figure 3 and Table 7 against the size of the step"};
  report.sections = {paper()};
  Csv csv({"task", "axis", "lr", "alpha", "matrix", "quantity", "n", "mean", "low", "high"});
  for (const data::Task& task : lab.settings.tasks) {
    const Cell cell =
        lora_cell(task_cell(lab.settings, task, 0, 0), lab.settings, {"q", "v"}, more);
    const std::string label = task_label(cell);
    for (const Axis& axis : {Axis{"lr", &Cell::lr, &Cell::alpha, alpha},
                             Axis{"alpha", &Cell::alpha, &Cell::lr, recorded_rate(cell)}}) {
      report.sections.push_back(section(results, label, axis));
      add_data(results, label, axis, csv);
    }
    const auto of_frozen = by_repetition(
        results,
        [&](const Cell& one) { return task_label(one) == label && one.method == "frozen"; },
        points);
    report.notes.push_back(
        fmt::format("{}: the frozen base has {}.", label, mean_and_sd(values(of_frozen), 1)));
  }
  report.notes.push_back(fmt::format(
      "LoRA on q and v. Mean over matrices and repetitions ± sd over repetitions; of quotients the "
      "geometric mean. φ(1,1) is that of r = {} and {}, corrected for chance, of the inputs that ΔW "
      "reads; cos² the largest squared principal cosine of the two subspaces, {:.2f} by chance at "
      "width 64; σ2/σ1 the larger of the two. Right of them Table 7's quantities at r = {}: random "
      "directions have a ΔW ÷ random of 1 and a log-position of 0, W's own have a log-position of "
      "1. A run whose weights are not finite has none of these; the CSV has how many are in each "
      "mean. Every seed belongs to one base.",
      fewer, more, lora::chance_largest_cosine(fewer, more, 64).mean, amplified));
  report.findings = {finding(results, alpha)};
  report.data = csv;
  return report;
}

}  // namespace

Experiment experiment() {
  return {.name = "step-size",
          .question = "Figure 3's shared direction and Table 7's factor against rate and alpha",
          .cells = cells,
          .read = read,
          .train =
              [](const Lab& lab, const Cell& cell, const std::atomic<bool>& stop) {
                return train_and_measure(lab.bases.of(cell), cell, stop);
              },
          .seconds = seconds_of_fewer};
}

}  // namespace experiments::beyond::step_size
