#include "experiments/paper/figure3.h"

#include <fmt/format.h>

#include <tuple>

#include "experiments/paper/permuted_labels.h"

namespace experiments::paper::figure3 {
namespace {

constexpr int small = 8, large = 16;
constexpr const char *trained = "r8-r16", *rest = "r8-r16 rest", *start = "start";

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
                   ByRepetition each, double threshold, const char* missing) {
  Contrast c{.text = text, .each = std::move(each), .threshold = threshold};
  c.unit = "of φ";
  if (c.each.empty()) c.missing = missing;
  return {statement, task, std::move(c)};
}

using Place = std::tuple<std::string, std::string, Repetition>;  // task, labels, repetition

Place place_of(const Cell& cell) { return {cell.task, cell.labels, {cell.base_seed, cell.seed}}; }

// Every adapter of the large rank with the small one of its repetition.
using Pair = std::pair<const AdaptedModel*, const AdaptedModel*>;

std::vector<Pair> pairs_of(const std::vector<AdaptedModel>& models) {
  std::map<Place, const AdaptedModel*> of_small;
  for (const AdaptedModel& model : models)
    if (model.cell.rank == small) of_small[place_of(model.cell)] = &model;
  std::vector<Pair> pairs;
  for (const AdaptedModel& model : models)
    if (const auto other = of_small.find(place_of(model.cell));
        model.cell.rank == large && other != of_small.end())
      pairs.emplace_back(other->second, &model);
  return pairs;
}

}  // namespace

Grids grids_of(const std::vector<AdaptedModel>& models) {
  Grids grids;
  for (const auto& [of_small, of_large] : pairs_of(models)) {
    const Cell& cell = of_large->cell;
    const Repetition repetition{cell.base_seed, cell.seed};
    for (const auto& [name, matrix] : of_large->matrices) {
      const AdaptedMatrix& fewer = of_small->matrices.at(name);
      for (const Side side : all_sides) {
        const lora::MatrixXd U = directions(fewer, side), V = directions(matrix, side);
        grids[{cell.task, name, labelled(trained, cell), side}][repetition] = {
            lora::similarity_grid(U, V), U.rows()};
        grids[{cell.task, name, labelled(rest, cell), side}][repetition] = without_first(U, V);
      }
      if (is_permuted(cell)) continue;
      const lora::Index in = matrix.W.cols();
      grids[{cell.task, name, start, Side::A}][repetition] = {
          lora::similarity_grid(lora::svd(drawn_a(name, of_small->cell, in)).V,
                                lora::svd(drawn_a(name, cell, in)).V),
          in};
    }
  }
  return grids;
}

std::vector<Shared> shared_of(const std::vector<AdaptedModel>& models) {
  std::map<lora::Index, lora::ChanceLevel> chance;  // by dimension
  std::vector<Shared> all;
  for (const auto& [of_small, of_large] : pairs_of(models)) {
    const Cell& cell = of_large->cell;
    for (const auto& [name, matrix] : of_large->matrices) {
      const lora::Svd &fewer = of_small->matrices.at(name).delta, &more = matrix.delta;
      const lora::Index d = more.V.rows();
      if (!chance.contains(d)) chance[d] = lora::chance_largest_cosine(small, large, d);
      const double cosine = lora::largest_cosine(fewer.V, more.V);
      all.push_back({cell.task,
                     name,
                     is_permuted(cell),
                     {cell.base_seed, cell.seed},
                     cosine * cosine,
                     chance.at(d),
                     fewer.sigma(1) / fewer.sigma(0),
                     more.sigma(1) / more.sigma(0)});
    }
  }
  return all;
}

namespace {

ByRepetition cosines_of(const std::vector<Shared>& all, const std::string& task, bool permuted) {
  std::map<Repetition, std::vector<double>> values;
  for (const Shared& one : all)
    if (one.task == task && one.permuted == permuted)
      values[one.repetition].push_back(one.chance.corrected(one.largest_cosine));
  return means(values);
}

}  // namespace

Finding finding_of(const Grids& grids, const std::vector<Shared>& shared) {
  Finding finding{"F3",
                  "Figure 3: across ranks the top direction of dW overlaps well above chance, the "
                  "rest does not",
                  "./run figure3",
                  {}};
  const char* no_pair = "no repetition has adapters of rank 8 and 16";
  for (const std::string& task : tasks_of(grids)) {
    const auto first = [](const Grid& grid) { return grid.corrected(1, 1); };
    const auto all = [](const Grid& grid) {
      return grid.corrected(grid.phi.rows(), grid.phi.cols());
    };
    const ByRepetition top = over_q_and_v(grids, task, trained, first);
    finding.parts.push_back(part("the top direction is shared by ranks 8 and 16", task,
                                 "φ(1,1), corrected for chance, is above 0.5", top, 0.5, no_pair));
    finding.parts.push_back(
        part("the rest is not", task,
             "φ(1,1) minus φ of directions 2-8 and 2-16, corrected, is above 0.25",
             difference(top, over_q_and_v(grids, task, rest, all)), 0.25, no_pair));
    const ByRepetition plain = cosines_of(shared, task, false),
                       permuted = cosines_of(shared, task, true);
    finding.parts.push_back(part("more is shared than with permuted labels", task,
                                 "the largest squared cosine of 8 and 16 directions, corrected, "
                                 "minus that with permuted labels, is above 0",
                                 difference(plain, permuted), 0,
                                 "no repetition has twins with permuted labels"));
    if (!permuted.empty())
      finding.parts.back().contrast.note =
          fmt::format("It is {:.2f} and {:.2f}.", mean(values(plain)), mean(values(permuted)));
  }
  return finding;
}

namespace {

std::vector<Cell> cells(const Settings& settings) {
  std::vector<Cell> cells = adapter_cells(settings, {small, large});
  const std::vector<Cell> permuted = permuted_cells(settings, {small, large});
  cells.insert(cells.end(), permuted.begin(), permuted.end());
  return cells;
}

// A line for each task and matrix, and for its twin.
Section shared_section(const std::vector<Shared>& all) {
  std::map<std::tuple<std::string, std::string, bool>, std::vector<const Shared*>> rows;
  for (const Shared& one : all) rows[{one.task, one.matrix, one.permuted}].push_back(&one);
  Section section{"What is shared in any order"};
  section.remarks = {
      "The largest squared cosine between the 8 and the 16 directions, and in brackets corrected for "
      "its own chance level. Where σ2/σ1 is near 1, the first direction is an accident, and φ(1,1) "
      "says little."};
  section.table = {
      {"task, matrix, labels", "largest cos²", "chance", "σ2/σ1, r = 8", "σ2/σ1, r = 16"}};
  for (const auto& [row, of_row] : rows) {
    std::vector<double> cosines, of_small, of_large;
    for (const Shared* one : of_row) {
      cosines.push_back(one->largest_cosine);
      of_small.push_back(one->second_of_small), of_large.push_back(one->second_of_large);
    }
    const lora::ChanceLevel& chance = of_row.front()->chance;
    section.table.push_back(
        {fmt::format("{} {} {}", std::get<0>(row), std::get<1>(row),
                     std::get<2>(row) ? "permuted" : "true"),
         fmt::format("{:.2f} ({:.2f})", mean(cosines), chance.corrected(mean(cosines))),
         fmt::format("{:.2f} ± {:.2f}", chance.mean, chance.sd),
         fmt::format("{:.2f}", mean(of_small)), fmt::format("{:.2f}", mean(of_large))});
  }
  return section;
}

Csv shared_csv(const std::vector<Shared>& all) {
  Csv csv({"task", "matrix", "labels", "base_seed", "seed", "largest_cosine_squared", "chance",
           "chance_sd", "corrected", "second_over_first_r8", "second_over_first_r16"});
  for (const Shared& one : all)
    csv.row(one.task, one.matrix, one.permuted ? "permuted" : "true", one.repetition.first,
            one.repetition.second, one.largest_cosine, one.chance.mean, one.chance.sd,
            one.chance.corrected(one.largest_cosine), one.second_of_small, one.second_of_large);
  return csv;
}

Report read(const Results& results, Lab& lab) {
  const auto models = adapted_models(results, lab);
  const Grids grids = grids_of(models);
  Report report = grid_report(
      "Figure 3: φ between the adapters of rank 8 and of rank 16",
      "In the paper (ranks 8 and 64, GPT-3, layer 48) only the top direction is shared, with φ above "
      "0.5.",
      grids, {{1, 1}, {1, 2}, {2, 2}, {1, 8}, {4, 4}, {8, 8}, {1, 16}, {8, 16}});
  const std::vector<Shared> shared = shared_of(models);
  report.sections.push_back(shared_section(shared));
  add_permuted_section(report, results);
  report.more_data["shared"] = shared_csv(shared);
  report.findings = {resting_on(finding_of(grids, shared), models, [](const Cell& cell) {
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
