#include "experiments/paper/subspace_grid.h"

#include <fmt/format.h>

#include "experiments/evidence/plain_table.h"
#include "lora/analysis/subspace.h"

namespace experiments::paper {

const char* to_string(Side side) {
  return side == Side::A ? "A" : side == Side::right ? "BA-right" : "BA-left";
}

lora::MatrixXd directions(const AdaptedMatrix& matrix, Side side) {
  if (side == Side::A) return lora::svd(matrix.A).V;
  return side == Side::right ? matrix.delta.V : matrix.delta.U;
}

double Grid::corrected(lora::Index i, lora::Index j) const {
  return lora::corrected(phi(i - 1, j - 1), i, j, d);
}

ByRepetition by_repetition(const Grids& grids, const std::string& task, const std::string& kind,
                           const std::string& what, Side side,
                           const std::function<double(const Grid&)>& read) {
  std::map<Repetition, std::vector<double>> values;
  for (const auto& [key, each] : grids)
    if (key.task == task && kind_of(key.matrix) == kind && key.what == what && key.side == side)
      for (const auto& [repetition, grid] : each) values[repetition].push_back(read(grid));
  return means(values);
}

ByRepetition over_q_and_v(const Grids& grids, const std::string& task, const std::string& what,
                          const std::function<double(const Grid&)>& read) {
  ByRepetition means = by_repetition(grids, task, "q", what, Side::right, read);
  for (const auto& [repetition, v] : by_repetition(grids, task, "v", what, Side::right, read))
    means[repetition] = (means[repetition] + v) / 2;
  return means;
}

std::vector<std::string> tasks_of(const Grids& grids) {
  std::vector<std::string> tasks;
  for (const auto& [key, each] : grids)
    if (tasks.empty() || tasks.back() != key.task) tasks.push_back(key.task);
  return tasks;
}

namespace {

struct Spot {
  double phi = 0, sd = 0, chance = 0, corrected = 0;
};

Spot spot(const std::map<Repetition, Grid>& each, lora::Index i, lora::Index j) {
  std::vector<double> phi;
  for (const auto& [repetition, grid] : each) phi.push_back(grid.phi(i - 1, j - 1));
  const lora::Index d = each.begin()->second.d;
  return {mean(phi), sample_sd(phi), lora::chance_similarity(i, j, d),
          lora::corrected(mean(phi), i, j, d)};
}

PlainTable grid_table(const Grids& grids, const Spots& spots) {
  PlainTable table{{"φ(i,j), corrected"}};
  for (const auto& [i, j] : spots) table[0].push_back(fmt::format("({},{})", i, j));
  for (const auto& [key, each] : grids) {
    const lora::MatrixXd& phi = each.begin()->second.phi;
    table.push_back(
        {fmt::format("{} {} {} {}", key.task, key.matrix, key.what, to_string(key.side))});
    for (const auto& [i, j] : spots) {
      if (i > phi.rows() || j > phi.cols()) {
        table.back().push_back("");
        continue;
      }
      const Spot s = spot(each, i, j);
      table.back().push_back(fmt::format("{:.2f} ({:.2f})", s.phi, s.corrected));
    }
  }
  const lora::Index d = grids.empty() ? 0 : grids.begin()->second.begin()->second.d;
  std::vector<std::string> chance{fmt::format("chance level, d = {}", d)};
  for (const auto& [i, j] : spots)
    chance.push_back(d > 0 ? fmt::format("{:.2f}", lora::chance_similarity(i, j, d)) : "");
  table.push_back(chance);
  return table;
}

}  // namespace

Report grid_report(const std::string& title, const std::string& paper, const Grids& grids,
                   const Spots& spots) {
  Report report{title};
  report.remarks = {paper,
                    "Mean φ over base seeds and seeds, and in brackets (φ - φ0) / (1 - φ0) with φ0 "
                    "the chance level."};
  report.sections.push_back({"", {}, grid_table(grids, spots)});
  report.data = grid_csv(grids);
  return report;
}

Csv grid_csv(const Grids& grids) {
  Csv csv({"task", "matrix", "what", "side", "i", "j", "n", "phi", "phi_sd", "chance", "chance_sd",
           "corrected"});
  for (const auto& [key, each] : grids) {
    const lora::MatrixXd& phi = each.begin()->second.phi;
    for (lora::Index i = 1; i <= phi.rows(); ++i)
      for (lora::Index j = 1; j <= phi.cols(); ++j) {
        const Spot s = spot(each, i, j);
        csv.row(key.task, key.matrix, key.what, to_string(key.side), i, j, each.size(), s.phi, s.sd,
                s.chance, lora::chance_similarity_sd(i, j, each.begin()->second.d), s.corrected);
      }
  }
  return csv;
}

}  // namespace experiments::paper
