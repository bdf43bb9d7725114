#include <fmt/format.h>

#include <set>

#include "experiments/evidence/plain_table.h"
#include "experiments/paper/table7.h"

namespace experiments::paper::table7 {
namespace {

/// A table of one task, matrix and rule for alpha.
struct Block {
  std::string task, matrix;
  AlphaRule rule;
  auto operator<=>(const Block&) const = default;
};

using ByRank = std::map<lora::Index, std::vector<lora::Amplification>>;

std::map<Block, ByRank> blocks(const std::vector<Entry>& entries) {
  std::map<Block, ByRank> all;
  for (const Entry& entry : entries)
    all[{entry.task, entry.matrix, entry.rule}][entry.amplification.r].push_back(
        entry.amplification);
  return all;
}

template <class Read>
std::vector<std::string> amplification_row(const char* name, const ByRank& ranks,
                                           const Read& read) {
  std::vector<std::string> texts{name};
  for (const auto& [r, list] : ranks) {
    std::vector<double> values;
    for (const lora::Amplification& a : list) values.push_back(read(a));
    // Factors are averaged as logarithms elsewhere; here the plain mean stands beside its spread.
    texts.push_back(list.size() > 1
                        ? fmt::format("{:.2f} ± {:.2f}", mean(values), sample_sd(values))
                        : fmt::format("{:.2f}", mean(values)));
  }
  return texts;
}

PlainTable amplification_table(const ByRank& ranks) {
  PlainTable table{{"‖UᵀWV‖ with directions of"}};
  for (const auto& [r, list] : ranks) table[0].push_back(fmt::format("r = {}", r));
  using A = lora::Amplification;
  table.push_back(amplification_row("ΔW", ranks, [](const A& a) { return a.in_delta; }));
  table.push_back(amplification_row("W", ranks, [](const A& a) { return a.in_w; }));
  table.push_back(amplification_row("random", ranks, [](const A& a) { return a.in_random; }));
  table.push_back(amplification_row("random by formula, ‖W‖ r/d", ranks,
                                    [](const A& a) { return a.expected_random; }));
  table.push_back(amplification_row("‖ΔW‖", ranks, [](const A& a) { return a.delta_norm; }));
  table.push_back(amplification_row("amplification ‖ΔW‖ / ‖UᵀWV‖", ranks,
                                    [](const A& a) { return a.factor(); }));
  table.push_back(amplification_row("amplification by chance alone", ranks,
                                    [](const A& a) { return a.delta_norm / a.expected_random; }));
  table.push_back(
      amplification_row("ΔW ÷ random", ranks, [](const A& a) { return a.over_random(); }));
  return table;
}

const PlainTable paper_table = {{"‖UᵀWV‖ with directions of", "r = 4", "r = 64"},
                                {"ΔW", "0.32", "1.90"},
                                {"W", "21.67", "37.71"},
                                {"random", "0.02", "0.33"},
                                {"random by formula, ‖W‖ r/d", "0.02", "0.32"},
                                {"‖ΔW‖", "6.91", "3.57"},
                                {"amplification ‖ΔW‖ / ‖UᵀWV‖", "21.6", "1.9"},
                                {"amplification by chance alone", "343", "11.1"},
                                {"ΔW ÷ random", "15.9", "5.9"}};

std::string alpha_rule_text(AlphaRule rule) {
  return rule == AlphaRule::fixed ? "α fixed" : "α = 2r";
}

double w_norm(const ByRank& ranks) { return ranks.begin()->second.front().w_norm; }

}  // namespace

std::vector<Section> sections(const std::vector<Entry>& entries) {
  std::vector<Section> sections{
      {"The paper: GPT-3, Wq of layer 48 of 96, ‖W‖ = 61.95, d = 12288, α fixed", {}, paper_table}};
  for (const auto& [block, ranks] : blocks(entries))
    sections.push_back({fmt::format("{}, {}, {}, ‖W‖ = {:.2f}", block.task, block.matrix,
                                    alpha_rule_text(block.rule), w_norm(ranks)),
                        {},
                        amplification_table(ranks)});
  return sections;
}

Csv csv(const std::vector<Entry>& entries) {
  Csv csv({"task", "base_seed", "seed", "matrix", "alpha", "r", "w_norm", "delta_norm", "in_delta",
           "in_w", "in_random", "in_random_error", "expected_random", "amplification",
           "over_random"});
  for (const Entry& entry : entries) {
    const lora::Amplification& a = entry.amplification;
    csv.row(entry.task, entry.repetition.first, entry.repetition.second, entry.matrix,
            to_string(entry.rule), a.r, a.w_norm, a.delta_norm, a.in_delta, a.in_w, a.in_random,
            a.in_random_error, a.expected_random, a.factor(), a.over_random());
  }
  return csv;
}

}  // namespace experiments::paper::table7
