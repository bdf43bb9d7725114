#include "experiments/paper/figure4.h"

#include <fmt/format.h>

#include <tuple>

#include "experiments/paper/permuted_labels.h"
#include "lora/analysis/subspace.h"

namespace experiments::paper::figure4 {

constexpr int rank = 16;

namespace {

// φ of one adapter's directions with those of every other, its mean.
Grid with_the_others(const AdaptedModel& one, const std::vector<const AdaptedModel*>& members,
                     const std::string& name, Side side) {
  const lora::MatrixXd U = directions(one.matrices.at(name), side);
  lora::MatrixXd sum = lora::MatrixXd::Zero(U.cols(), U.cols());
  for (const AdaptedModel* other : members)
    if (other != &one) sum += lora::similarity_grid(U, directions(other->matrices.at(name), side));
  return {sum / static_cast<double>(members.size() - 1), U.rows()};
}

bool is_rounded_otherwise(const Cell& cell) { return cell.rounding != Cell().rounding; }

void add_ceiling(const AdaptedModel& one, const AdaptedModel& again, Grids& grids) {
  for (const auto& [name, matrix] : one.matrices)
    for (const Side side : all_sides)
      grids[{one.cell.task, name, "rounding", side}][{one.cell.base_seed, one.cell.seed}] =
          with_the_others(one, {&one, &again}, name, side);
}

}  // namespace

Grids grids_of(const std::vector<AdaptedModel>& models) {
  using Group = std::tuple<std::string, std::string, std::uint64_t>;  // task, labels, base
  std::map<Group, std::vector<const AdaptedModel*>> groups;
  std::vector<const AdaptedModel*> rounded;
  for (const AdaptedModel& model : models) {
    const Cell& cell = model.cell;
    if (cell.rank != rank) continue;
    if (is_rounded_otherwise(cell))
      rounded.push_back(&model);
    else
      groups[{cell.task, cell.labels, cell.base_seed}].push_back(&model);
  }

  Grids grids;
  for (const AdaptedModel* again : rounded)
    for (const AdaptedModel* one :
         groups[{again->cell.task, again->cell.labels, again->cell.base_seed}])
      if (one->cell.seed == again->cell.seed) add_ceiling(*one, *again, grids);
  for (const auto& [group, members] : groups) {
    if (members.size() < 2) continue;
    for (const AdaptedModel* one : members) {
      const Repetition repetition{one->cell.base_seed, one->cell.seed};
      for (const auto& [name, matrix] : one->matrices) {
        for (const Side side : all_sides)
          grids[{one->cell.task, name, labelled("seeds", one->cell), side}][repetition] =
              with_the_others(*one, members, name, side);
        if (is_permuted(one->cell)) continue;
        autograd::Random random(one->cell.seed, "figure4.gaussian." + name);
        const lora::Index r = matrix.A.rows(), in = matrix.A.cols();
        const lora::MatrixXd first = lora::gaussian(r, in, random);
        grids[{one->cell.task, name, "gaussian", Side::A}][repetition] = {
            lora::similarity_grid(lora::svd(first).V, lora::svd(lora::gaussian(r, in, random)).V),
            in};
      }
    }
  }
  return grids;
}

namespace {

// q - v base by base: of a base with two seeds that of its one pair, of others the pseudo-values of
// its seeds.
ByRepetition jackknifed(const ByRepetition& q, const ByRepetition& v) {
  std::map<std::uint64_t, ByRepetition> bases;
  for (const auto& [repetition, d] : difference(q, v)) bases[repetition.first][repetition] = d;
  ByRepetition each;
  for (const auto& [base, of_each] : bases) {
    if (of_each.size() < 2) continue;
    if (of_each.size() == 2) {  // its one pair, said by both
      each.insert(*of_each.begin());
      continue;
    }
    const std::vector<double> pseudo = jackknife_of_pairs(values(of_each));
    auto next = pseudo.begin();
    for (const auto& [repetition, d] : of_each) each[repetition] = *next++;
  }
  return each;
}

}  // namespace

Finding finding_of(const Grids& grids) {
  Finding finding{"F4", "Figure 4: seeds agree more on dWq than on dWv", "./run figure4", {}};
  for (const std::string& task : tasks_of(grids)) {
    const auto half = [](const Grid& grid) { return grid.corrected(8, 8); };
    const auto top = [](const Grid& grid) { return grid.corrected(1, 1); };
    const auto q = by_repetition(grids, task, "q", "seeds", Side::right, half);
    const auto v = by_repetition(grids, task, "v", "seeds", Side::right, half);
    Contrast c;
    c.text = "φ(8,8) between seeds, corrected, of dWq minus that of dWv is above 0";
    c.each = jackknifed(q, v);
    c.unit = "of φ";
    c.over = "pairs of seeds of a base; more than two seeds: jackknife";
    const auto mean_of = [&](const char* kind, const char* what, const auto& read) {
      return mean(values(by_repetition(grids, task, kind, what, Side::right, read)));
    };
    c.note = fmt::format("The top directions alone: {:.2f} and {:.2f}.", mean_of("q", "seeds", top),
                         mean_of("v", "seeds", top));
    if (grids.contains({task, "blocks.0.attn.q", "rounding", Side::right}))
      c.note += fmt::format(" The same seed again, rounded otherwise: φ(8,8) {:.2f} and {:.2f}.",
                            mean_of("q", "rounding", half), mean_of("v", "rounding", half));
    if (grids.contains({task, "blocks.0.attn.q", "seeds-permuted", Side::right}))
      c.note +=
          fmt::format(" With permuted labels φ(8,8) is {:.2f} and {:.2f}.",
                      mean_of("q", "seeds-permuted", half), mean_of("v", "seeds-permuted", half));
    if (c.each.empty()) {
      c.missing = "no two seeds of a base have an adapter of rank 16";
      c.note.clear();
    }
    finding.parts.push_back({"seeds agree more on dWq than on dWv", task, std::move(c)});
  }
  return finding;
}

namespace {

std::vector<Cell> cells(const Settings& settings) {
  std::vector<Cell> cells = adapter_cells(settings, {rank});
  const std::vector<Cell> permuted = permuted_cells(settings, {rank});
  cells.insert(cells.end(), permuted.begin(), permuted.end());
  for (Cell cell : adapter_cells(settings, {rank})) {
    cell.rounding = "other";
    cells.push_back(cell);
  }
  return cells;
}

Report read(const Results& results, Lab& lab) {
  const auto models = adapted_models(results, lab);
  const Grids grids = grids_of(models);
  Report report = grid_report(
      "Figure 4: φ between the adapters of two seeds, rank 16",
      "In the paper (rank 64, GPT-3, layer 48) ΔWq shares more directions than ΔWv, and two Gaussian "
      "matrices share none. rounding: the same seed again, each trained number one float higher at the "
      "start; seeds cannot share more than that leaves.",
      grids, {{1, 1}, {1, 4}, {4, 4}, {1, 8}, {8, 8}, {4, 16}, {8, 16}, {16, 16}});
  report.findings = {resting_on(finding_of(grids), models, [](const Cell& cell) {
    return cell.rank == rank && !is_permuted(cell) && !is_rounded_otherwise(cell);
  })};
  add_permuted_section(report, results);
  return report;
}

}  // namespace

Experiment experiment() {
  return {.name = "figure4",
          .question = "do adapters of different seeds agree on their directions? (Figure 4)",
          .cells = cells,
          .read = read,
          .look = keep_adapter,
          .sweep = "adapters"};
}

}  // namespace experiments::paper::figure4
