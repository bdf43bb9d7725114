#include "experiments/figure4.h"

#include <fmt/format.h>

#include "lora/subspace.h"

namespace experiments {

constexpr int figure4_rank = 16;

Grids figure4_grids(const std::vector<AdaptedModel>& models) {
  std::map<std::pair<std::string, std::uint64_t>, std::vector<const AdaptedModel*>> groups;
  for (const AdaptedModel& model : models)
    if (model.cell.rank == figure4_rank)
      groups[{model.cell.task, model.cell.base_seed}].push_back(&model);

  Grids grids;
  for (const auto& [group, members] : groups) {
    const std::size_t n = members.size();
    for (std::size_t a = 0; a < (n == 2 ? 1 : n) && n > 1; ++a) {
      const AdaptedModel &one = *members[a], &other = *members[(a + 1) % n];
      const Repetition repetition{one.cell.base_seed, one.cell.seed};
      for (const auto& [name, matrix] : one.matrices) {
        for (const Side side : all_sides) {
          const lora::MatrixXd U = directions(matrix, side);
          const lora::MatrixXd V = directions(other.matrices.at(name), side);
          grids[{group.first, name, "seeds", side}][repetition] = {lora::similarity_grid(U, V),
                                                                   U.rows()};
        }
        autograd::Random random(one.cell.seed, "figure4.gaussian." + name);
        const lora::Index r = matrix.A.rows(), in = matrix.A.cols();
        const lora::MatrixXd first = lora::gaussian(r, in, random);
        grids[{group.first, name, "gaussian", Side::A}][repetition] = {
            lora::similarity_grid(lora::svd(first).V, lora::svd(lora::gaussian(r, in, random)).V),
            in};
      }
    }
  }
  return grids;
}

Finding figure4_finding(const Grids& grids) {
  Finding finding{"F4", "Figure 4: seeds agree more on dWq than on dWv", "./run figure4", {}};
  for (const std::string& task : tasks_of(grids)) {
    const auto half = [](const Grid& grid) { return grid.corrected(8, 8); };
    const auto top = [](const Grid& grid) { return grid.corrected(1, 1); };
    const auto q = by_repetition(grids, task, "q", "seeds", Side::right, half);
    const auto v = by_repetition(grids, task, "v", "seeds", Side::right, half);
    Contrast c;
    c.text = "φ(8,8) between seeds, corrected, of dWq minus that of dWv is above 0";
    std::vector<double> q_top, v_top;
    for (const auto& [repetition, value] : q) c.each[repetition] = value - v.at(repetition);
    for (const auto& [r, value] : by_repetition(grids, task, "q", "seeds", Side::right, top))
      q_top.push_back(value);
    for (const auto& [r, value] : by_repetition(grids, task, "v", "seeds", Side::right, top))
      v_top.push_back(value);
    c.unit = "of φ";
    c.note = fmt::format("Each seed is in two pairs. The top directions alone: {:.2f} and {:.2f}.",
                         mean(q_top), mean(v_top));
    if (c.each.empty()) {
      c.missing = "fewer than two seeds have an adapter of rank 16";
      c.note.clear();
    }
    finding.cells += static_cast<int>(c.each.size());
    finding.parts.push_back({"seeds agree more on dWq than on dWv", task, std::move(c)});
  }
  return finding;
}

Experiment figure4_experiment() {
  Experiment experiment{
      "figure4", "do adapters of different seeds agree on their directions? (Figure 4)", {}, {}};
  experiment.sweep = "adapters";
  experiment.cells = [](const StudyOptions& options) {
    std::vector<Cell> cells;
    for (const Cell& repetition : repetitions(options))
      cells.push_back(adapter_cell(repetition, options, figure4_rank));
    return cells;
  };
  experiment.run = [cells = experiment.cells](const StudyOptions& options, Bases& bases,
                                              Progress& progress) {
    const auto models = adapted_models(cells(options), options, bases, progress);
    if (!models) return ExperimentOutcome{130, {}};
    const Grids grids = figure4_grids(*models);
    const Spots spots = {{1, 1}, {1, 4}, {4, 4}, {1, 8}, {8, 8}, {4, 16}, {8, 16}, {16, 16}};
    publish(options, "figure4", "Figure 4: φ between the adapters of two seeds, rank 16",
            "In the paper (rank 64, GPT-3, layer 48) ΔWq shares more directions "
            "than ΔWv, and two Gaussian matrices share none.",
            grids, spots);
    return ExperimentOutcome{0, {figure4_finding(grids)}};
  };
  return experiment;
}

}  // namespace experiments
