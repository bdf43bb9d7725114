#include <fmt/format.h>

#include <string_view>

#include "experiments/evidence/text.h"
#include "experiments/report/html.h"
#include "experiments/report/report.h"
#include "lora/analysis/cost_formulas.h"

namespace experiments::report {

/// Written by the build from experiments/report/calculator.js (cmake/embed_text.cmake).
std::string_view report_calculator();

namespace {

struct Example {
  const char* name;
  lora::CostCase cost;
};

// Table 3, 4 and 15 name the models and ranks; the last line is the base of the experiments.
const std::vector<Example>& examples() {
  static const std::vector<Example> all{
      {"GPT-3, q and v, r = 4", lora::gpt3_case()},
      {"GPT-3, q and v, r = 1", {175'255.8e6, 96, 12288, 2, 1, 2}},
      {"GPT-2 medium, q and v, r = 4", {354.92e6, 24, 1024, 2, 4, 4}},
      {"RoBERTa base, q and v, r = 8", {125e6, 12, 768, 2, 8, 4}},
      {"here, q and v, r = 4", {112'960, 2, 64, 2, 4, 4}}};
  return all;
}

std::string count_text(double count) {
  if (count >= 1e9) return fmt::format("{:.2f} G", count / 1e9);
  if (count >= 1e6) return fmt::format("{:.2f} M", count / 1e6);
  return fmt::format("{:.0f}", count);
}

std::string input(const char* name, const char* label, double value) {
  return fmt::format(
      "<label>{} <input type=\"number\" name=\"{}\" min=\"1\" value=\"{:.0f}\"></label>\n", label,
      name, value);
}

}  // namespace

std::string costs_section() {
  std::vector<std::vector<std::string>> rows;
  for (const auto& [name, cost] : examples())
    rows.push_back(
        {name, count_text(lora::lora_parameters(cost)), bytes_text(lora::adapter_file_bytes(cost)),
         bytes_text(lora::model_file_bytes(cost)),
         fmt::format("{:.0f}", lora::model_file_bytes(cost) / lora::adapter_file_bytes(cost)),
         bytes_text(lora::full_training_bytes(cost).total()),
         bytes_text(lora::lora_training_bytes(cost).total())});
  const std::string text =
      "Trained parameters are 2 · layers · matrices · d_model · r (section 4.2). Training memory "
      "counts weights, gradients and Adam’s two moments, all in the width of the checkpoint, and "
      "no activations: LoRA keeps the last three for what it trains only. For GPT-3 the paper "
      "reports 18 M parameters, 35 MB against 350 GB, and 1.2 TB against 350 GB of memory.";
  const lora::CostCase gpt3 = examples().front().cost;
  const std::string form =
      input("d", "d_model", gpt3.d_model) + input("layers", "layers", gpt3.layers) +
      input("matrices", "adapted matrices per layer", gpt3.matrices) +
      input("rank", "r", gpt3.rank) + input("parameters", "parameters", gpt3.parameters) +
      input("bytes", "bytes per number", gpt3.bytes) + "<output></output>\n";
  return element("section",
                 element("h2", "Costs by formula") + element("p", escaped(text)) +
                     table_html({"", "trained", "checkpoint of LoRA", "of the model", "ratio",
                                 "training all", "training LoRA"},
                                rows) +
                     element("form", form, "id=\"calculator\" hidden") +
                     element("script", report_calculator()),
                 "id=\"formulas\"");
}

}  // namespace experiments::report
