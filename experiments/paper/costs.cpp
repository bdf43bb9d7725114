#include "experiments/paper/costs.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "experiments/evidence/plain_table.h"
#include "experiments/evidence/text.h"
#include "experiments/harness/timing.h"

namespace experiments::paper::costs {

namespace {

const CostRow& full_row(const std::vector<CostRow>& rows, int width) {
  for (const CostRow& row : rows)
    if (row.width == width && row.rank == 0) return row;
  throw std::invalid_argument(fmt::format("no full fine-tuning at width {}", width));
}

double formula_bytes(const CostRow& row) {
  return (row.rank == 0 ? lora::full_training_bytes(row.by_formula)
                        : lora::lora_training_bytes(row.by_formula))
      .total();
}

double formula_file(const CostRow& row) {
  return row.rank == 0 ? lora::model_file_bytes(row.by_formula)
                       : lora::adapter_file_bytes(row.by_formula);
}

PlainTable grid(const std::vector<CostRow>& rows, int width) {
  PlainTable grid{{fmt::format("d = {}", width), "frozen", "trainable", "gradients", "optimizer",
                   "sum ÷ full", "activations", "file", "÷ full", "step ÷ full"}};
  const CostRow& whole = full_row(rows, width);
  for (const CostRow& row : rows) {
    if (row.width != width) continue;
    grid.push_back({row.rank == 0 ? "full" : fmt::format("LoRA r = {}", row.rank),
                    bytes_text(row.bytes.frozen), bytes_text(row.bytes.trainable),
                    bytes_text(row.bytes.gradients), bytes_text(row.bytes.optimizer),
                    fmt::format("{:.3f}", row.bytes.total() / whole.bytes.total()),
                    bytes_text(row.activations), bytes_text(row.file),
                    fmt::format("{:.4f}", row.file / whole.file),
                    fmt::format("{:.2f} [{:.2f}, {:.2f}]", quantile(row.of_full, 0.5),
                                quantile(row.of_full, 0.25), quantile(row.of_full, 0.75))});
  }
  return grid;
}

PlainTable gpt3_grid() {
  const lora::CostCase c = lora::gpt3_case();
  const lora::TrainingBytes all = lora::full_training_bytes(c),
                            adapter = lora::lora_training_bytes(c);
  const double ratio = lora::model_file_bytes(c) / lora::adapter_file_bytes(c);
  return {{"GPT-3 175B, r = 4 on q and v, 16 bits", "formula", "paper"},
          {"trained parameters", fmt::format("{:.2f} M", lora::lora_parameters(c) / 1e6), "18 M"},
          {"checkpoint of the model", bytes_text(lora::model_file_bytes(c)), "350 GB"},
          {"checkpoint of LoRA", bytes_text(lora::adapter_file_bytes(c)), "35 MB"},
          {"ratio", fmt::format("{:.0f}", ratio), "about 10000"},
          {"full: weights and moments", bytes_text(all.total() - all.gradients), "1.2 TB"},
          {"full: gradients too", bytes_text(all.total()), "1.2 TB"},
          {"LoRA: all of these", bytes_text(adapter.total()), "350 GB"}};
}

Csv csv(const std::vector<CostRow>& rows) {
  Csv csv({"width", "rank", "parameters", "trained", "frozen", "trainable", "gradients",
           "optimizer", "activations", "file", "tensors", "seconds_median", "of_full_q25",
           "of_full_median", "of_full_q75"});
  for (const CostRow& row : rows)
    csv.row(row.width, row.rank, row.by_formula.parameters,
            row.bytes.trainable / row.by_formula.bytes, row.bytes.frozen, row.bytes.trainable,
            row.bytes.gradients, row.bytes.optimizer, row.activations, row.file, row.tensors,
            quantile(row.seconds, 0.5), quantile(row.of_full, 0.25), quantile(row.of_full, 0.5),
            quantile(row.of_full, 0.75));
  return csv;
}

int rounds(const Settings& settings) { return settings.preset == Preset::smoke ? 5 : 25; }

Report read(const Results&, Lab& lab) {
  const bool smoke = lab.settings.preset == Preset::smoke;
  std::vector<int> widths{64, 256}, ranks{1, 2, 4, 8, 16, 64};
  if (smoke) widths = {64}, ranks = {1, 4, 16};
  const std::vector<CostRow> rows =
      measure_costs(widths, ranks, rounds(lab.settings), lab.settings.out / "costs");
  Report report{"What training costs"};
  for (const int width : widths) report.sections.push_back({"", {}, grid(rows, width)});
  report.sections.push_back({"", {}, gpt3_grid()});
  report.notes = {
      "Bytes of one training step on a batch of 32, counted by the tape and the optimizer. Of "
      "activations LoRA saves the inputs of frozen products. Gradients pass through all layers, "
      "and x Aᵀ is kept too. The last column is the time of a step on one thread, median and "
      "quartiles of ratios within rounds.",
      "The paper's 1.2 TB lies between the two lines above it: how much of a model's gradients is "
      "there at a time, and in which precision the moments are, it does not say."};
  report.data = csv(rows);
  report.findings = findings(rows);
  return report;
}

}  // namespace

std::vector<Finding> findings(const std::vector<CostRow>& rows) {
  Finding finding{"F9",
                  "merged LoRA adds no latency and computes the same; memory and checkpoint ratios "
                  "follow by formula (Hu et al. 2021, section 4.2 and Table 1)",
                  "./run costs",
                  {}};
  const auto add = [&](const char* statement, const char* text, const auto& measured,
                       const auto& formula) {
    Contrast contrast;
    contrast.text = text;
    contrast.threshold = 0.1;
    contrast.holds_above = false;
    contrast.unit = "%";
    contrast.over = "width, r";
    contrast.arithmetic = true;
    for (const CostRow& row : rows) {
      if (row.rank == 0) continue;
      const CostRow& whole = full_row(rows, row.width);
      const double found = measured(row) / measured(whole);
      const double expected = formula(row) / formula(whole);
      contrast.each[{static_cast<std::uint64_t>(row.width), static_cast<std::uint64_t>(row.rank)}] =
          100 * std::abs(found / expected - 1);
    }
    finding.parts.push_back({statement, "memory", contrast});
  };
  add(
      "weights, gradients and Adam's state shrink as the formula says",
      "|measured / formula - 1| of LoRA ÷ full at each r; holds below 0.1 %",
      [](const CostRow& row) { return row.bytes.total(); }, formula_bytes);
  add(
      "an adapter's tensors are the formula's fraction of a checkpoint",
      "|measured / formula - 1| of adapter ÷ checkpoint at each r; holds below 0.1 %",
      [](const CostRow& row) { return row.tensors; }, formula_file);
  return {finding};
}

Experiment experiment() {
  return {
      .name = "costs",
      .question = "memory by role, bytes of files and step time of training, and GPT-3's figures",
      .read = read,
      .configuration =
          [](const Settings& settings) {
            return nlohmann::json{{"rounds", rounds(settings)}};
          },
      .seconds =
          [](const Settings& settings) { return settings.preset == Preset::smoke ? 1.0 : 10.0; },
      .without = options_of_cells("it measures single steps from random weights, on one thread")};
}

}  // namespace experiments::paper::costs
