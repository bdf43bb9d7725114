#include "experiments/paper/table1.h"

#include <fmt/format.h>

#include <nlohmann/json.hpp>

#include "experiments/evidence/plain_table.h"
#include "experiments/harness/timing.h"

namespace experiments::paper::table1 {

namespace {

// Table 1's smallest.
constexpr double least_latency_percent = 2.2;

std::string case_text(const LatencyCase& at) { return fmt::format("{}x{}", at.batch, at.length); }

std::vector<LatencyCase> cases_of(Preset preset) {
  std::vector<LatencyCase> cases{{16, 64}, {4, 32}, {1, 16}};
  if (preset == Preset::full) cases.insert(cases.begin(), {32, 128});
  return cases;
}

std::string percent_text(const LatencyRow& row) {
  return fmt::format("{:+.1f} [{:+.1f}, {:+.1f}]", 100 * (quantile(row.of_base, 0.5) - 1),
                     100 * (quantile(row.of_base, 0.25) - 1),
                     100 * (quantile(row.of_base, 0.75) - 1));
}

PlainTable grid(const std::vector<LatencyRow>& rows, const std::vector<LatencyCase>& cases) {
  PlainTable grid{{"% slower than the base", "parameters"}};
  for (const LatencyCase& at : cases) grid[0].push_back(case_text(at));
  const auto find = [&](const std::string& model, const LatencyCase& at) -> const LatencyRow& {
    for (const LatencyRow& row : rows)
      if (row.model == model && case_text(row.at) == case_text(at)) return row;
    throw std::invalid_argument(fmt::format("no time of {} at {}", model, case_text(at)));
  };
  for (const std::string& model : latency_models()) {
    grid.push_back({model, fmt::format("{}", find(model, cases.front()).parameters)});
    for (const LatencyCase& at : cases)
      grid.back().push_back(model == "base"
                                ? fmt::format("{:.3f} ms", 1000 * find(model, at).seconds)
                                : percent_text(find(model, at)));
  }
  return grid;
}

const PlainTable& paper_grid() {
  static const PlainTable grid{{"paper: GPT-2 medium, GPU", "32x512", "16x256", "1x128"},
                               {"full or merged LoRA", "1449.4 ms", "338.0 ms", "19.8 ms"},
                               {"Adapter-L", "+2.2", "+5.0", "+20.7"},
                               {"Adapter-H", "+3.0", "+8.4", "+30.3"}};
  return grid;
}

std::string outputs_text(const std::map<std::uint64_t, MergedOutput>& outputs) {
  long logits = 0, different = 0;
  double from_unmerged = 0, from_base = 0;
  for (const auto& [seed, output] : outputs) {
    logits += output.logits;
    different += output.different;
    from_unmerged = std::max(from_unmerged, output.from_unmerged);
    from_base = std::max(from_base, output.from_base);
  }
  return fmt::format(
      "Merged LoRA against a plain model with W0 + ΔW: {} of {} logits differ in a bit. Largest "
      "difference as a part of the largest logit: {:.1e} from unmerged, {:.2f} from the base.",
      different, logits, from_unmerged, from_base);
}

Csv csv(const std::vector<LatencyRow>& rows) {
  Csv csv(
      {"batch", "length", "model", "parameters", "repetition", "seconds_median", "slower_percent"});
  for (const LatencyRow& row : rows)
    for (const auto& [repetition, percent] : row.slower_by)
      csv.row(row.at.batch, row.at.length, row.model, row.parameters, repetition.second,
              row.seconds, percent);
  return csv;
}

struct Effort {
  int rounds, repetitions;
};

Effort effort(const Settings& settings) {
  return settings.preset == Preset::smoke ? Effort{5, 3} : Effort{21, 5};
}

Report read(const Results&, Lab& lab) {
  const auto [rounds, repetitions] = effort(lab.settings);
  const std::vector<LatencyCase> cases = cases_of(lab.settings.preset);
  std::vector<LatencyRow> rows;
  for (const LatencyCase& at : cases)
    for (LatencyRow& row : measure_latency(at, rounds, repetitions)) rows.push_back(std::move(row));
  std::map<std::uint64_t, MergedOutput> outputs;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) outputs[seed] = compare_merged(seed);

  Report report{"Inference latency"};
  report.sections = {{"", {}, grid(rows, cases)}, {"", {}, paper_grid()}};
  report.notes = {
      outputs_text(outputs),
      "Columns are batch x length. Median and quartiles over all rounds of the ratio to the base "
      "in the same round, on one thread; 'base again' is the same model twice: the noise. The GPU "
      "of the paper runs an adapter's small products after the large ones; here their share of the "
      "arithmetic counts too, since d = 64 is narrow."};
  report.data = csv(rows);
  report.findings = findings(rows, outputs);
  return report;
}

Finding::Part part(const char* statement, const std::string& where, const std::string& text,
                   const std::map<Repetition, double>& each, double threshold, bool above,
                   const char* unit, const char* over = "base, repetition of the timing") {
  Contrast contrast;
  contrast.text =
      fmt::format("{}; holds {} {} {}", text, above ? "above" : "below", threshold, unit);
  contrast.each = each;
  contrast.threshold = threshold;
  contrast.holds_above = above;
  contrast.unit = unit;
  contrast.over = over;
  return {statement, where, contrast};
}

}  // namespace

std::vector<Finding> findings(const std::vector<LatencyRow>& rows,
                              const std::map<std::uint64_t, MergedOutput>& outputs) {
  Finding finding{"F9",
                  "merged LoRA adds no latency and computes the same; memory and checkpoint ratios "
                  "follow by formula (Hu et al. 2021, section 4.2 and Table 1)",
                  "./run table1",
                  {}};
  std::map<Repetition, double> different;
  for (const auto& [seed, output] : outputs)
    different[{0, seed}] = static_cast<double>(output.different);
  finding.parts.push_back(part("merged LoRA computes bit for bit what W0 + ΔW computes", "output",
                               "logits that differ", different, 0.5, false, "logits",
                               "base, seed of A and B"));
  finding.parts.back().contrast.arithmetic = true;
  for (const LatencyRow& row : rows) {
    const std::string where = case_text(row.at);
    if (row.model == "LoRA merged")
      finding.parts.push_back(part("merged LoRA adds no latency", where, "merged ÷ base - 1",
                                   row.slower_by, least_latency_percent, false, "%"));
    if (row.model.starts_with("Adapter"))
      finding.parts.push_back(
          part(row.model == "Adapter-H" ? "Adapter-H adds latency" : "Adapter-L adds latency",
               where, row.model + " ÷ base - 1", row.slower_by, 0, true, "%"));
  }
  return {finding};
}

Experiment experiment() {
  return {
      .name = "table1",
      .question = "the paper's Table 1: what LoRA, adapters and prefixes add to a forward pass",
      .read = read,
      .configuration =
          [](const Settings& settings) {
            const auto [rounds, repetitions] = effort(settings);
            return nlohmann::json{{"rounds", rounds}, {"repetitions", repetitions}};
          },
      .seconds =
          [](const Settings& settings) { return settings.preset == Preset::smoke ? 2.0 : 15.0; },
      .without = options_of_cells("it measures random weights on one thread")};
}

}  // namespace experiments::paper::table1
