#include "experiments/paper/permuted_labels.h"

#include <fmt/format.h>

#include "experiments/training/batches.h"

namespace experiments::paper {

int longer_by(Preset preset) { return preset == Preset::smoke ? 1 : 4; }

Cell permuted_twin(Cell cell, Preset preset) {
  cell.labels = "permuted";
  cell.steps *= longer_by(preset);
  return cell;
}

bool is_permuted(const Cell& cell) { return cell.labels == "permuted"; }

std::string labelled(const std::string& what, const Cell& cell) {
  return is_permuted(cell) ? what + "-permuted" : what;
}

void measure_own_loss(nn::Model& trained, CellResult& result) {
  const std::vector<data::Example> examples = training_examples(result.cell);
  const nn::Score own = evaluate_or_nan(trained, examples);
  result.more["own_nll"] = own.nll / own.weight;
  result.more["blind_nll"] = data::blind_loss(examples);
  const data::Task& task = data::parse_task(result.cell.task);
  result.more["chance"] = data::commonest_answer(
      data::test_set(task, task_options(result.cell), result.cell.seed_of_data()));
}

namespace {

double own_fall(const CellResult& result) {
  return further("blind_nll")(result) - further("own_nll")(result);
}

double above_chance(const CellResult& result) {
  return points(result) - 100 * further("chance")(result);
}

/// Two cells and the rank that they share; alpha is fixed.
struct Twins {
  std::string label;  ///< of the task
  int rank = 0;
  auto operator<=>(const Twins&) const = default;
};

// Adapters that have a twin, and their twins.
struct TwinRuns {
  std::vector<CellResult> plain, permuted;
};

std::map<Twins, TwinRuns> twins_in(const std::vector<CellResult>& results) {
  std::map<Twins, TwinRuns> pairs;
  std::map<std::string, const CellResult*>
      permuted;  // by what they are twins of, but for the steps
  const auto origin = [](Cell cell) {
    cell.labels = Cell().labels, cell.steps = 0;
    return cell.key();
  };
  for (const CellResult& result : results)
    if (is_permuted(result.cell)) permuted[origin(result.cell)] = &result;
  for (const CellResult& result : results) {
    const auto twin = permuted.find(origin(result.cell));
    if (is_permuted(result.cell) || twin == permuted.end()) continue;
    TwinRuns& pair = pairs[{task_label(result.cell), result.cell.rank}];
    pair.plain.push_back(result);
    pair.permuted.push_back(*twin->second);
  }
  return pairs;
}

std::vector<double> measured_of(const std::vector<CellResult>& results, const Measured& measured) {
  std::vector<double> values;
  for (const CellResult& result : results) values.push_back(measured(result));
  return values;
}

std::string mean_text(const std::vector<CellResult>& results, const char* name, int decimals,
                      double factor = 1) {
  return fmt::format("{:.{}f}", factor * mean(measured_of(results, further(name))), decimals);
}

using ByTask = std::map<std::string, std::map<Repetition, std::vector<double>>>;

Contrast twin_rule(std::string text, const std::map<Repetition, std::vector<double>>& values,
                   double threshold, bool above, const char* unit) {
  Contrast rule{.text = std::move(text), .each = means(values), .threshold = threshold};
  rule.holds_above = above;
  rule.unit = unit;
  return rule;
}

}  // namespace

void add_permuted_section(Report& report, const Results& results) {
  Section section{"The same adapters on permuted labels"};
  section.remarks = {
      "The answers of the training set change places among its examples, and the adapter is trained "
      "longer, as the steps say. The loss is that on its own training examples, in nats per target "
      "token, after training; blind: of a guess that does not see the prompt. The score is that on "
      "the test set, in %; chance: the share of the commonest answer."};
  section.table = {{"task and rank", "steps", "permuted: steps", "blind loss", "loss",
                    "permuted: loss", "chance", "score", "permuted: score"}};
  for (const auto& [twins, runs] : twins_in(asked_for(results)))
    section.table.push_back(
        {fmt::format("{}, r = {}", twins.label, twins.rank),
         std::to_string(runs.plain.front().cell.steps),
         std::to_string(runs.permuted.front().cell.steps), mean_text(runs.permuted, "blind_nll", 3),
         mean_text(runs.plain, "own_nll", 3), mean_text(runs.permuted, "own_nll", 3),
         mean_text(runs.permuted, "chance", 1, 100),
         mean_and_sd(measured_of(runs.plain, points), 1),
         mean_and_sd(measured_of(runs.permuted, points), 1)});
  if (section.table.size() > 1) report.sections.push_back(section);
}

Finding permuted_finding(const std::vector<CellResult>& results) {
  Finding finding{
      "permuted",
      "adapters on permuted labels learn their examples as far as adapters on true ones, "
      "and nothing of the task",
      "./run table7",
      {}};
  finding.in_summary = false;
  ByTask falls, scores;
  for (const auto& [twins, pair] : twins_in(results))
    for (std::size_t i = 0; i < pair.plain.size(); ++i) {
      const Cell& cell = pair.plain[i].cell;
      const Repetition repetition{cell.base_seed, cell.seed};
      falls[twins.label][repetition].push_back(own_fall(pair.permuted[i]) /
                                               own_fall(pair.plain[i]));
      scores[twins.label][repetition].push_back(above_chance(pair.permuted[i]));
      ++finding.cells;
    }
  for (const auto& [task, values] : falls) {
    finding.parts.push_back(
        {"their loss falls as far", task,
         twin_rule(
             "how far the loss on the own labels lies below that without the prompt, over the same "
             "with true labels, is above 0.9",
             values, 0.9, true, "times")});
    finding.parts.push_back(
        {"their score is chance", task,
         twin_rule(fmt::format("the score minus that of the commonest answer is "
                               "below {} points",
                               margin_points),
                   scores.at(task), margin_points, false, "points")});
  }
  return finding;
}

}  // namespace experiments::paper
