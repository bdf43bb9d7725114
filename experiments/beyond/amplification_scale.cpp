#include "experiments/beyond/amplification_scale.h"

#include <fmt/format.h>

#include <algorithm>
#include <limits>
#include <set>
#include <tuple>

#include "experiments/evidence/paired.h"
#include "lora/analysis/low_rank.h"
#include "lora/inject.h"

namespace experiments::beyond::amplification_scale {

namespace {

constexpr int amplification_rank = 4;
constexpr long most_base_steps = 2000;  // a wide base is expensive
const std::vector<std::string> amplified_matrices{"q", "v"};

std::vector<Cell> cells(const Settings& given) {
  Settings options = given;
  options.base_seeds = {given.base_seeds.front()};
  const bool smoke = options.preset == Preset::smoke;
  std::vector<int> facts{2, 5, 10}, widths{128};
  std::vector<double> alphas{0.5, 2};
  if (smoke) facts = {2}, widths = {}, alphas = {0.5};
  if (options.preset == Preset::full) widths = {128, 256};

  std::vector<Cell> cells;
  std::set<std::string> keys;
  const auto add = [&](Cell cell) {
    if (given.base_steps > most_base_steps) cell.base_steps = most_base_steps;
    if (keys.insert(cell.key()).second) cells.push_back(cell);
  };
  const auto adapted = [](const Cell& cell, const Settings& with) {
    return lora_cell(cell, with, amplified_matrices, amplification_rank);
  };
  for (const Cell& cell : repetitions(options)) {
    add(adapted(cell, options));
    for (const int K : facts) {
      Settings fewer = options;
      fewer.facts = K;
      add(adapted(task_cell(fewer, data::tasks::sqlgen, cell.base_seed, cell.seed), fewer));
    }
    for (const double alpha : alphas) {
      Settings lower = options;
      lower.alpha = alpha;
      add(adapted(cell, lower));
    }
    for (const int width : widths) {
      Cell wider = adapted(cell, options);
      wider.width = width;
      add(wider);
    }
  }
  return cells;
}

}  // namespace

void measure_amplification(nn::Module& trained, CellResult& result) {
  for (const auto& [name, layer] : lora::lora_layers(trained)) {
    const lora::MatrixXd W = layer->w0().m.cast<double>();
    lora::Amplification found;
    if (layer->delta().allFinite()) {
      const nn::Random random(result.cell.seed, "amplification." + name);
      found = lora::amplification(W, lora::svd(W), lora::delta_svd(*layer), layer->spec.rank,
                                  random, 2);
    } else {
      found.delta_norm = found.in_delta = std::numeric_limits<double>::quiet_NaN();
    }
    result.more["w_norm." + name] = found.w_norm;
    result.more["delta_norm." + name] = found.delta_norm;
    result.more["in_delta." + name] = found.in_delta;
    result.more["in_w." + name] = found.in_w;
    result.more["expected_random." + name] = found.expected_random;
  }
}

std::vector<AmplificationRow> amplification_rows(const std::vector<CellResult>& results) {
  std::map<std::tuple<int, int, double, std::string>, AmplificationRow> rows;
  for (const CellResult& result : results) {
    for (const auto& [entry, delta_norm] : result.more) {
      const std::string prefix = "delta_norm.";
      if (!entry.starts_with(prefix)) continue;
      const std::string name = entry.substr(prefix.size());
      const std::string matrix = name.substr(name.rfind('.') + 1);
      const auto of = [&](const char* what) { return further(what + ("." + name))(result); };
      const Cell& cell = result.cell;
      AmplificationRow& row = rows[{cell.width, cell.facts, cell.alpha, matrix}];
      row.facts = cell.facts, row.width = cell.width, row.alpha = cell.alpha, row.matrix = matrix;
      const double random = of("expected_random"), in_delta = of("in_delta"), in_w = of("in_w");
      ++row.matrices;
      row.score += points(result);
      row.relative += delta_norm / of("w_norm");
      row.random += random, row.in_delta += in_delta, row.in_w += in_w;
      row.over_random += in_delta / random;
      row.factor += delta_norm / in_delta;
      row.ordered += random < in_delta && in_delta < in_w;
    }
  }
  std::vector<AmplificationRow> list;
  for (auto& [setting, row] : rows) {
    for (double* sum : {&row.score, &row.relative, &row.random, &row.in_delta, &row.in_w,
                        &row.over_random, &row.factor})
      *sum /= row.matrices;
    list.push_back(row);
  }
  return list;
}

namespace {

PlainTable grid(const std::vector<AmplificationRow>& rows) {
  PlainTable grid{{"width, K, alpha", "", "score", "‖ΔW‖/‖W‖", "random", "ΔW", "W", "ΔW ÷ random",
                   "factor", "random < ΔW < W"}};
  for (const AmplificationRow& row : rows)
    grid.push_back({fmt::format("{}, {}, {}", row.width, row.facts, row.alpha), "W" + row.matrix,
                    fmt::format("{:.1f}", row.score), fmt::format("{:.2f}", row.relative),
                    fmt::format("{:.2f}", row.random), fmt::format("{:.2f}", row.in_delta),
                    fmt::format("{:.2f}", row.in_w), fmt::format("{:.1f}", row.over_random),
                    fmt::format("{:.2f}", row.factor),
                    fmt::format("{} of {}", row.ordered, row.matrices)});
  grid.push_back({"paper: 12288", "Wq", "", "0.11", "0.02", "0.32", "21.67", "16", "21.5", ""});
  return grid;
}

std::string explanation(long base_steps) {
  return fmt::format(
      "sqlgen, LoRA of rank {} on q and v; means over layers and seeds. The bases of this table "
      "were pre-trained for {} steps, fewer than those of other tables, since wide ones are "
      "expensive. random, ΔW, W: ‖Uᵀ W V‖ with U and V random, from ΔW, from W. factor: "
      "‖ΔW‖ ÷ ‖Uᵀ W V‖ of ΔW. A change that knows nothing of W has ΔW ÷ random = 1 and a factor "
      "of (‖ΔW‖/‖W‖) d / r, so a factor says something only beside ΔW ÷ random.",
      amplification_rank, base_steps);
}

Csv csv(const std::vector<AmplificationRow>& rows) {
  Csv csv({"width", "facts", "alpha", "matrix", "matrices", "score", "delta_over_w", "random",
           "in_delta", "in_w", "over_random", "factor", "ordered"});
  for (const AmplificationRow& row : rows)
    csv.row(row.width, row.facts, row.alpha, row.matrix, row.matrices, row.score / 100,
            row.relative, row.random, row.in_delta, row.in_w, row.over_random, row.factor,
            row.ordered);
  return csv;
}

Report read(const Results& results, Lab& lab) {
  const auto rows = amplification_rows(results.all);
  Report report{"Amplification as the change gets smaller and the model wider"};
  report.sections = {{"", {}, grid(rows)}};
  report.notes = {explanation(std::min(lab.settings.base_steps, most_base_steps))};
  report.data = csv(rows);
  return report;
}

}  // namespace

Experiment experiment() {
  return {.name = "amplification-scale",
          .question = "does Table 7's reading appear with smaller changes, wider models?",
          .cells = cells,
          .read = read,
          .look = [](const Lab&, nn::Model& trained,
                     CellResult& result) { measure_amplification(trained, result); },
          .tasks = {data::tasks::sqlgen},
          .without = {{"--tasks", "it runs on sqlgen"}}};
}

}  // namespace experiments::beyond::amplification_scale
