#include "experiments/paper/figure3.h"

#include <fmt/format.h>

#include "lora/analysis/subspace.h"

namespace experiments::paper::figure3 {
namespace {

constexpr int small = 8, large = 16;
constexpr const char *trained = "r8-r16", *start = "start";

// A of this rank as LoraLinear draws it.
lora::MatrixXd drawn_a(const std::string& name, const Cell& cell, lora::Index in) {
  lora::LoraSpec spec;
  spec.rank = cell.rank;
  spec.init = lora::parse_init(cell.init);
  auto linear = std::make_unique<nn::Linear>(in, in, 0.0, 0, name);
  return lora::LoraLinear(std::move(linear), spec, cell.seed, name).A.value.m.cast<double>();
}

// φ of the directions after the first of each, which are in a space of one dimension less when the
// first are shared; in R^d, as here, that is near enough.
Grid without_first(const lora::MatrixXd& U, const lora::MatrixXd& V) {
  return {lora::similarity_grid(U.rightCols(U.cols() - 1), V.rightCols(V.cols() - 1)), U.rows()};
}

Finding::Part part(const char* statement, const std::string& task, const char* text,
                   ByRepetition each, double threshold, bool above) {
  Contrast c{.text = text, .each = std::move(each), .threshold = threshold, .holds_above = above};
  c.unit = "of φ";
  if (c.each.empty()) c.missing = "no repetition has adapters of rank 8 and 16";
  return {statement, task, std::move(c)};
}

}  // namespace

Grids grids_of(const std::vector<AdaptedModel>& models) {
  std::map<std::pair<std::string, Repetition>, const AdaptedModel*> of_small;
  for (const AdaptedModel& model : models)
    if (model.cell.rank == small)
      of_small[{model.cell.task, {model.cell.base_seed, model.cell.seed}}] = &model;
  Grids grids;
  for (const AdaptedModel& model : models) {
    const Repetition repetition{model.cell.base_seed, model.cell.seed};
    const auto other = of_small.find({model.cell.task, repetition});
    if (model.cell.rank != large || other == of_small.end()) continue;
    for (const auto& [name, matrix] : model.matrices) {
      const AdaptedMatrix& fewer = other->second->matrices.at(name);
      for (const Side side : all_sides) {
        const lora::MatrixXd U = directions(fewer, side), V = directions(matrix, side);
        grids[{model.cell.task, name, trained, side}][repetition] = {lora::similarity_grid(U, V),
                                                                     U.rows()};
        grids[{model.cell.task, name, "r8-r16 rest", side}][repetition] = without_first(U, V);
      }
      const lora::Index in = matrix.W.cols();
      grids[{model.cell.task, name, start, Side::A}][repetition] = {
          lora::similarity_grid(lora::svd(drawn_a(name, other->second->cell, in)).V,
                                lora::svd(drawn_a(name, model.cell, in)).V),
          in};
    }
  }
  return grids;
}

Finding finding_of(const Grids& grids) {
  Finding finding{"F3",
                  "Figure 3: across ranks the top direction of dW overlaps well above chance, the "
                  "rest is near chance",
                  "./run figure3",
                  {}};
  for (const std::string& task : tasks_of(grids)) {
    const auto top = [](const Grid& grid) { return grid.corrected(1, 1); };
    const auto rest = [](const Grid& grid) {
      return grid.corrected(grid.phi.rows(), grid.phi.cols());
    };
    finding.parts.push_back(part("the top direction is shared by ranks 8 and 16", task,
                                 "φ(1,1), corrected for chance, is above 0.5",
                                 over_q_and_v(grids, task, trained, top), 0.5, true));
    finding.parts.push_back(part("the rest is near chance", task,
                                 "φ of directions 2-8 and 2-16, corrected, is below 0.25",
                                 over_q_and_v(grids, task, "r8-r16 rest", rest), 0.25, false));
  }
  return finding;
}

namespace {

std::vector<Cell> cells(const Settings& settings) {
  return adapter_cells(settings, {small, large});
}

Report read(const Results& results, Lab& lab) {
  const auto models = adapted_models(results, lab);
  const Grids grids = grids_of(models);
  Report report = grid_report(
      "Figure 3: φ between the adapters of rank 8 and of rank 16",
      "In the paper (ranks 8 and 64, GPT-3, layer 48) only the top direction is shared, with φ above "
      "0.5.",
      grids, {{1, 1}, {1, 2}, {2, 2}, {1, 8}, {4, 4}, {8, 8}, {1, 16}, {8, 16}});
  report.findings = {resting_on(finding_of(grids), models, [](const Cell& cell) {
    return cell.rank == small || cell.rank == large;
  })};
  return report;
}

}  // namespace

Experiment experiment() {
  return {.name = "figure3",
          .question = "do adapters of different rank agree on their directions? (Figure 3)",
          .cells = cells,
          .read = read,
          .look = keep_adapter,
          .sweep = "adapters"};
}

}  // namespace experiments::paper::figure3
