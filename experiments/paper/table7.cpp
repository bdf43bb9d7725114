#include "experiments/paper/table7.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <tuple>

#include "experiments/evidence/plain_table.h"
#include "experiments/paper/permuted_labels.h"

namespace experiments::paper::table7 {

namespace {

/// ‖Uᵀ W V‖ from noise, each measured once: by task, base, matrix and rank.
class Noise {
 public:
  explicit Noise(const MomentsByBase& moments) : moments_(moments) {}

  /// `seen` with noise in the place of ΔW; nothing without moments.
  std::optional<lora::Amplification> in_place_of(lora::Amplification seen, const Cell& cell,
                                                 const std::string& name, const lora::MatrixXd& W) {
    const auto of_base = moments_.find({cell.task, cell.base_seed});
    if (of_base == moments_.end()) return std::nullopt;
    const auto [level, is_new] = levels_.try_emplace({cell.task, cell.base_seed, name, cell.rank});
    if (is_new)
      level->second = noise_reading(W, draws(cell, name, of_base->second), cell.rank).in_delta;
    seen.in_delta = level->second;
    return seen;
  }

 private:
  // The same for all ranks.
  const std::vector<lora::Svd>& draws(const Cell& cell, const std::string& name,
                                      const Moments& of_base) {
    const auto [found, is_new] = draws_.try_emplace({cell.task, cell.base_seed, name});
    if (is_new)
      found->second = noise_draws(of_base.inputs.at(name), of_base.gradients.at(name),
                                  autograd::Random(cell.base_seed, "table7.noise." + name));
    return found->second;
  }

  const MomentsByBase& moments_;
  std::map<std::tuple<std::string, std::uint64_t, std::string, int>, double> levels_;
  std::map<std::tuple<std::string, std::uint64_t, std::string>, std::vector<lora::Svd>> draws_;
};

}  // namespace

std::vector<Entry> entries_of(const std::vector<AdaptedModel>& models, double fixed_alpha,
                              const MomentsByBase& moments) {
  std::map<std::pair<std::string, std::uint64_t>, lora::Svd> own;  // of W, by matrix and base
  Noise noise(moments);
  std::vector<Entry> entries;
  for (const AdaptedModel& model : models) {
    const Cell& cell = model.cell;
    for (const auto& [name, matrix] : model.matrices) {
      lora::Svd& W_svd = own[{name, cell.base_seed}];
      if (W_svd.sigma.size() == 0) W_svd = lora::svd(matrix.W);
      Entry entry{cell.task, name, AlphaRule::fixed, {cell.base_seed, cell.seed}, {}};
      entry.permuted = is_permuted(cell);
      entry.amplification = lora::amplification(
          matrix.W, W_svd, matrix.delta, cell.rank,
          autograd::Random(cell.seed, fmt::format("table7.random.{}.r{}", name, cell.rank)));
      entry.noise = noise.in_place_of(entry.amplification, cell, name, matrix.W);
      if (cell.alpha == fixed_alpha) entries.push_back(entry);
      entry.rule = AlphaRule::proportional;
      if (cell.alpha == 2 * cell.rank) entries.push_back(entry);
    }
  }
  return entries;
}

namespace {

/// A table of one task, matrix and rule for alpha.
struct Block {
  std::string task, matrix;
  AlphaRule rule;
  auto operator<=>(const Block&) const = default;
};

/// By rank, and beside each rank its twin with permuted labels.
using ByRank = std::map<std::pair<lora::Index, bool>, std::vector<Entry>>;

std::map<Block, ByRank> blocks(const std::vector<Entry>& entries) {
  std::map<Block, ByRank> all;
  for (const Entry& entry : entries)
    all[{entry.task, entry.matrix, entry.rule}][{entry.amplification.r, entry.permuted}].push_back(
        entry);
  return all;
}

template <class Read>
std::vector<std::string> amplification_row(const char* name, const ByRank& ranks, const Read& read,
                                           bool of_noise = false) {
  std::vector<std::string> texts{name};
  for (const auto& [r, list] : ranks) {
    std::vector<double> values;
    for (const Entry& entry : list)
      values.push_back(read(of_noise ? *entry.noise : entry.amplification));
    // Factors are averaged as logarithms elsewhere; here the plain mean stands beside its spread.
    texts.push_back(list.size() > 1
                        ? fmt::format("{:.2f} ± {:.2f}", mean(values), sample_sd(values))
                        : fmt::format("{:.2f}", mean(values)));
  }
  return texts;
}

PlainTable amplification_table(const ByRank& ranks) {
  PlainTable table{{"‖UᵀWV‖ with directions of"}};
  for (const auto& [column, list] : ranks)
    table[0].push_back(fmt::format("r = {}{}", column.first, column.second ? ", permuted" : ""));
  using A = lora::Amplification;
  table.push_back(amplification_row("ΔW", ranks, [](const A& a) { return a.in_delta; }));
  table.push_back(amplification_row("W", ranks, [](const A& a) { return a.in_w; }));
  table.push_back(amplification_row("random", ranks, [](const A& a) { return a.in_random; }));
  table.push_back(amplification_row("random by formula, ‖W‖ r/d", ranks,
                                    [](const A& a) { return a.expected_random; }));
  table.push_back(amplification_row("inputs of ΔW, random outputs, √(r/d) ‖WV‖", ranks,
                                    [](const A& a) { return a.half_random.inputs_kept; }));
  table.push_back(amplification_row("outputs of ΔW, random inputs, √(r/k) ‖UᵀW‖", ranks,
                                    [](const A& a) { return a.half_random.outputs_kept; }));
  const bool has_noise = ranks.begin()->second.front().noise.has_value();
  if (has_noise)
    table.push_back(amplification_row(
        "noise, G^(1/2) N C^(1/2)", ranks, [](const A& a) { return a.in_delta; }, true));
  table.push_back(amplification_row("‖ΔW‖", ranks, [](const A& a) { return a.delta_norm; }));
  table.push_back(
      amplification_row("‖ΔW‖ / ‖W‖", ranks, [](const A& a) { return a.delta_norm / a.w_norm; }));
  table.push_back(amplification_row("amplification ‖ΔW‖ / ‖UᵀWV‖", ranks,
                                    [](const A& a) { return a.factor(); }));
  table.push_back(amplification_row("amplification by chance alone", ranks,
                                    [](const A& a) { return a.delta_norm / a.expected_random; }));
  table.push_back(
      amplification_row("ΔW ÷ random", ranks, [](const A& a) { return a.over_random(); }));
  table.push_back(amplification_row("position, 0 random and 1 W's own", ranks,
                                    [](const A& a) { return a.log_position(); }));
  if (has_noise)
    table.push_back(amplification_row(
        "position of noise", ranks, [](const A& a) { return a.log_position(); }, true));
  return table;
}

const PlainTable paper_table = {{"‖UᵀWV‖ with directions of", "r = 4", "r = 64"},
                                {"ΔW", "0.32", "1.90"},
                                {"W", "21.67", "37.71"},
                                {"random", "0.02", "0.33"},
                                {"random by formula, ‖W‖ r/d", "0.02", "0.32"},
                                {"inputs of ΔW, random outputs, √(r/d) ‖WV‖", "", ""},
                                {"outputs of ΔW, random inputs, √(r/k) ‖UᵀW‖", "", ""},
                                {"‖ΔW‖", "6.91", "3.57"},
                                {"‖ΔW‖ / ‖W‖", "0.11", "0.06"},
                                {"amplification ‖ΔW‖ / ‖UᵀWV‖", "21.6", "1.9"},
                                {"amplification by chance alone", "343", "11.1"},
                                {"ΔW ÷ random", "15.9", "5.9"},
                                {"position, 0 random and 1 W's own", "0.40", "0.37"}};

std::string alpha_rule_text(AlphaRule rule) {
  return rule == AlphaRule::fixed ? "α fixed" : "α = 2r";
}

double w_norm(const ByRank& ranks) { return ranks.begin()->second.front().amplification.w_norm; }

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
  Csv csv({"task",
           "base_seed",
           "seed",
           "matrix",
           "alpha",
           "r",
           "w_norm",
           "delta_norm",
           "in_delta",
           "in_w",
           "in_random",
           "in_random_error",
           "expected_random",
           "amplification",
           "over_random",
           "labels",
           "inputs_kept",
           "outputs_kept",
           "log_position",
           "in_noise"});
  for (const Entry& entry : entries) {
    const lora::Amplification& a = entry.amplification;
    csv.row(entry.task, entry.repetition.first, entry.repetition.second, entry.matrix,
            to_string(entry.rule), a.r, a.w_norm, a.delta_norm, a.in_delta, a.in_w, a.in_random,
            a.in_random_error, a.expected_random, a.factor(), a.over_random(),
            entry.permuted ? "permuted" : "true", a.half_random.inputs_kept,
            a.half_random.outputs_kept, a.log_position(),
            entry.noise ? entry.noise->in_delta : std::numeric_limits<double>::quiet_NaN());
  }
  return csv;
}

Csv moments_csv(const MomentsByBase& moments) {
  Csv csv({"task", "base_seed", "matrix", "i", "inputs", "gradients"});
  for (const auto& [place, of_base] : moments)
    for (const auto& [name, C] : of_base.inputs) {
      const lora::VectorXd inputs = lora::svd(C).sigma,
                           gradients = lora::svd(of_base.gradients.at(name)).sigma;
      for (lora::Index i = 0; i < std::min(inputs.size(), gradients.size()); ++i)
        csv.row(place.first, place.second, name, i + 1, inputs(i), gradients(i));
    }
  return csv;
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
  const std::vector<Cell> permuted = permuted_cells(settings, adapter_ranks(settings));
  cells.insert(cells.end(), permuted.begin(), permuted.end());
  return cells;
}

MomentsByBase moments_of_bases(const std::vector<AdaptedModel>& models, const Lab& lab) {
  MomentsByBase moments;
  for (const AdaptedModel& model : models) {
    const auto [found, is_new] = moments.try_emplace({model.cell.task, model.cell.base_seed});
    if (!is_new) continue;
    const auto base = copy_of(*lab.bases.of(model.cell).model);
    found->second = moments_of(*base, data::parse_task(model.cell.task), task_options(model.cell));
  }
  return moments;
}

// How uneven the inputs of q and v are, task by task; k's are the same.
std::vector<std::string> inputs_texts(const MomentsByBase& moments) {
  std::map<std::string, std::vector<double>> shares;
  for (const auto& [place, of_base] : moments)
    for (const auto& [name, C] : of_base.inputs)
      if (kind_of(name) == "q")
        shares[place.first].push_back(share_of_first_tenth(lora::svd(C).sigma));
  std::vector<std::string> texts;
  for (const auto& [task, of_task] : shares)
    texts.push_back(fmt::format(
        "{}: the first tenth of the directions of C, the inputs' second moment, holds {:.0f} % of it "
        "(mean over bases and blocks).",
        task, 100 * mean(of_task)));
  return texts;
}

Report read(const Results& results, Lab& lab) {
  const auto models = adapted_models(results, lab);
  const MomentsByBase moments = moments_of_bases(models, lab);
  const auto entries = entries_of(models, lab.settings.alpha, moments);
  Report report{"Table 7: W seen from the directions of ΔW"};
  report.remarks = {
      "Mean ± standard deviation over base seeds and seeds. Noise: the first r directions of a change "
      "with independent normal numbers N, C of the inputs and G of the gradients in the outputs of the "
      "base on the task; it lies where inputs are strong and has learned nothing."};
  for (std::string& text : inputs_texts(moments)) report.remarks.push_back(std::move(text));
  report.sections = sections(entries);
  report.data = csv(entries);
  report.more_data["moments"] = moments_csv(moments);
  add_permuted_section(report, results);
  const auto is_read = [](const Cell& cell) { return cell.rank >= 4; };
  report.findings = {resting_on(finding_of(entries), models, is_read),
                     resting_on(proportional_finding(entries), models, is_read),
                     permuted_finding(asked_for(results))};
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
