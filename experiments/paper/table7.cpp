#include "experiments/paper/table7.h"

#include <fmt/format.h>

#include <cmath>
#include <set>

namespace experiments::paper::table7 {

std::vector<Entry> entries_of(const std::vector<AdaptedModel>& models, double fixed_alpha) {
  std::map<std::pair<std::string, std::uint64_t>, lora::Svd> own;  // of W, by matrix and base
  std::vector<Entry> entries;
  for (const AdaptedModel& model : models) {
    const Cell& cell = model.cell;
    for (const auto& [name, matrix] : model.matrices) {
      lora::Svd& W_svd = own[{name, cell.base_seed}];
      if (W_svd.sigma.size() == 0) W_svd = lora::svd(matrix.W);
      Entry entry{cell.task, name, AlphaRule::fixed, {cell.base_seed, cell.seed}, {}};
      entry.amplification = lora::amplification(
          matrix.W, W_svd, matrix.delta, cell.rank,
          autograd::Random(cell.seed, fmt::format("table7.random.{}.r{}", name, cell.rank)));
      if (cell.alpha == fixed_alpha) entries.push_back(entry);
      entry.rule = AlphaRule::proportional;
      if (cell.alpha == 2 * cell.rank) entries.push_back(entry);
    }
  }
  return entries;
}

namespace {

using Read = double (*)(const lora::Amplification&);

double above_random(const lora::Amplification& a) { return std::log2(a.over_random()); }
double below_w(const lora::Amplification& a) { return std::log2(a.in_w / a.in_delta); }
double log_factor(const lora::Amplification& a) { return std::log2(a.factor()); }

// The mean of what is read over the entries of a task's Wq that fit, for each repetition.
std::map<Repetition, double> mean_by_repetition(const std::vector<Entry>& entries,
                                                const std::string& task, AlphaRule rule,
                                                lora::Index low, lora::Index high, Read read) {
  std::map<Repetition, std::vector<double>> values;
  for (const Entry& entry : entries) {
    const lora::Index r = entry.amplification.r;
    if (entry.task == task && kind_of(entry.matrix) == "q" && entry.rule == rule && low <= r &&
        r <= high)
      values[entry.repetition].push_back(read(entry.amplification));
  }
  std::map<Repetition, double> means;
  for (const auto& [repetition, list] : values) means[repetition] = mean(list);
  return means;
}

// What is read at r = 4 minus at r = 16, for each repetition that has both.
std::map<Repetition, double> fall(const std::vector<Entry>& entries, const std::string& task,
                                  AlphaRule rule, Read read) {
  return difference(mean_by_repetition(entries, task, rule, 4, 4, read),
                    mean_by_repetition(entries, task, rule, 16, 16, read));
}

Contrast contrast(std::string text, std::map<Repetition, double> each) {
  Contrast c{.text = std::move(text), .each = std::move(each)};
  c.unit = "doublings";
  if (c.each.empty()) c.missing = "no repetition has the adapters that this needs";
  return c;
}

}  // namespace

Finding finding_of(const std::vector<Entry>& entries) {
  Finding finding{
      "F5",
      "Table 7: W has more in the directions of dW than in random ones and less than in "
      "its own, and amplification falls with r",
      "./run table7",
      {}};
  std::set<std::string> tasks;
  for (const Entry& entry : entries) tasks.insert(entry.task);
  constexpr lora::Index any = 1000;
  for (const std::string& task : tasks) {
    const auto add = [&](const char* statement, Contrast c) {
      finding.parts.push_back({statement, task, std::move(c)});
    };
    add("W has more in the directions of dWq than in random ones",
        contrast("log2 of |U^T W V| over its random level, r >= 4, is above 0",
                 mean_by_repetition(entries, task, AlphaRule::fixed, 4, any, above_random)));
    add("and less than in its own",
        contrast("log2 of |U^T W V| from W over that from dW, r >= 4, is above 0",
                 mean_by_repetition(entries, task, AlphaRule::fixed, 4, any, below_w)));
    for (const AlphaRule rule : {AlphaRule::fixed, AlphaRule::proportional}) {
      Contrast c = contrast("log2 of the factor at r = 4 over that at r = 16 is above 0",
                            fall(entries, task, rule, log_factor));
      c.note = fmt::format(
          "For directions that know nothing of W it falls by 2 and by what |dW| falls; "
          "|U^T W V| / random goes from {:.2f} to {:.2f} times.",
          std::exp2(mean(values(mean_by_repetition(entries, task, rule, 4, 4, above_random)))),
          std::exp2(mean(values(mean_by_repetition(entries, task, rule, 16, 16, above_random)))));
      add(rule == AlphaRule::fixed ? "amplification falls with r, alpha fixed"
                                   : "amplification falls with r, alpha in proportion to r",
          std::move(c));
    }
  }
  return finding;
}

namespace {

std::vector<Cell> cells(const Settings& settings) {
  std::vector<Cell> cells;
  for (const Cell& repetition : repetitions(settings))
    for (const int rank : adapter_ranks(settings)) {
      cells.push_back(adapter_cell(repetition, settings, rank));
      if (2 * rank != settings.alpha)  // there it is the same cell
        cells.push_back(adapter_cell(repetition, settings, rank, AlphaRule::proportional));
    }
  return cells;
}

Report read(const Results& results, Lab& lab) {
  const auto models = adapted_models(results, lab);
  const auto entries = entries_of(models, lab.settings.alpha);
  Report report{"Table 7: W seen from the directions of ΔW"};
  report.remarks = {"Mean ± standard deviation over base seeds and seeds."};
  report.sections = sections(entries);
  report.data = csv(entries);
  report.findings = {
      resting_on(finding_of(entries), models, [](const Cell& cell) { return cell.rank >= 4; })};
  return report;
}

}  // namespace

Experiment experiment() {
  return {.name = "table7",
          .question = "how much of W lies in the directions of dW (Table 7)",
          .cells = cells,
          .read = read,
          .look = keep_adapter,
          .sweep = "adapters"};
}

}  // namespace experiments::paper::table7
