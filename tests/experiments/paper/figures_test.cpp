#include <doctest/doctest.h>

#include "experiments/paper/figure3.h"
#include "experiments/paper/figure4.h"
#include "experiments/paper/figure8.h"
#include "tests/experiments/paper/adapted_models.h"

namespace figures_test {

using namespace experiments::paper;
using doctest::Approx;

namespace {

const lora::MatrixXd W = fake::gaussian(fake::dimension, fake::dimension, "W");
const std::string q = "blocks.0.attn.q", v = "blocks.0.attn.v";

/// The first `shared` columns of one stream, which every adapter with this name has, and the rest
/// its own.
lora::MatrixXd sharing(const std::string& name, int rank, std::uint64_t seed, int shared) {
  lora::MatrixXd m = fake::own_directions(name, rank, seed);
  if (shared > 0) m.leftCols(shared) = fake::gaussian(fake::dimension, shared, name);
  return m;
}

/// Adapters of rank 4, 8 and 16 and eight seeds whose first `in_q` and `in_v` directions are shared.
std::vector<AdaptedModel> models(int in_q, int in_v, int seeds = 8) {
  std::vector<AdaptedModel> all;
  for (int seed = 1; seed <= seeds; ++seed)
    for (const int rank : {4, 8, 16}) {
      const auto s = static_cast<std::uint64_t>(seed);
      AdaptedModel model{fake::cell("nli", rank, s), {}};
      for (const auto& [name, shared] : {std::pair{q, in_q}, {v, in_v}}) {
        const lora::MatrixXd right = sharing(name, rank, s, std::min(shared, rank));
        model.matrices[name] = fake::adapted(W, right, right);
      }
      all.push_back(std::move(model));
    }
  return all;
}

/// `plain`, and `permuted` as adapters with permuted labels.
std::vector<AdaptedModel> with_twins(std::vector<AdaptedModel> plain,
                                     std::vector<AdaptedModel> permuted) {
  for (AdaptedModel& model : permuted) {
    model.cell.labels = "permuted";
    plain.push_back(std::move(model));
  }
  return plain;
}

std::vector<Outcome> outcomes(Finding finding) {
  std::vector<Finding> findings{std::move(finding)};
  judge(findings);
  std::vector<Outcome> parts;
  for (const Finding::Part& part : findings[0].parts) parts.push_back(part.judgement.outcome);
  return parts;
}

double mean_phi(const Grids& grids, const GridKey& key, int i, int j) {
  std::vector<double> values;
  for (const auto& [repetition, grid] : grids.at(key)) values.push_back(grid.phi(i - 1, j - 1));
  return mean(values);
}

}  // namespace

TEST_CASE("F3 on adapters that share one direction, all, or none") {
  using enum Outcome;
  const auto f3 = [](const std::vector<AdaptedModel>& all) {
    return outcomes(figure3::finding_of(figure3::grids_of(all), figure3::shared_of(all)));
  };
  const Grids one = figure3::grids_of(models(1, 1));
  CHECK(mean_phi(one, {"nli", q, "r8-r16", Side::right}, 1, 1) == Approx(1));
  CHECK(mean_phi(one, {"nli", q, "r8-r16", Side::A}, 1, 1) == Approx(1));
  // Beside adapters with permuted labels that share nothing, or one direction too.
  CHECK(f3(with_twins(models(1, 1), models(0, 0))) == std::vector(3, holds));
  CHECK(f3(with_twins(models(1, 1), models(1, 1))).at(2) == open);
  CHECK(f3(with_twins(models(0, 0), models(1, 1))) == std::vector(3, does_not_hold));
  CHECK(f3(with_twins(models(8, 8), models(0, 0))) == std::vector{holds, does_not_hold, holds});
  CHECK(f3(models(1, 1)) == std::vector{holds, holds, open});
  const Grids none = figure3::grids_of(models(0, 0));
  // Noise passes none of it.
  CHECK(f3(with_twins(models(0, 0), models(0, 0))) ==
        std::vector{does_not_hold, does_not_hold, open});
  // The control: A as it is drawn at r = 8 and r = 16 shares what chance gives, not its rows.
  CHECK(mean_phi(none, {"nli", q, "start", Side::A}, 8, 16) ==
        Approx(16.0 / fake::dimension).epsilon(0.15));
  CHECK(none.at({"nli", q, "r8-r16", Side::right}).size() == 8);
}

TEST_CASE("F4 on adapters whose seeds agree on q, on v, or of which there is one") {
  using enum Outcome;
  const Grids grids = figure4::grids_of(models(6, 0));
  CHECK(outcomes(figure4::finding_of(grids)) == std::vector{holds});
  CHECK(outcomes(figure4::finding_of(figure4::grids_of(models(0, 6)))) ==
        std::vector{does_not_hold});
  CHECK(figure4::grids_of(models(6, 0, 1)).empty());
  // Of two seeds there is one pair, in the repetition of each; one pair decides nothing.
  const Grids two = figure4::grids_of(models(6, 0, 2));
  CHECK(two.at({"nli", q, "seeds", Side::right}).size() == 2);
  CHECK(outcomes(figure4::finding_of(two)) == std::vector{open});
  CHECK(figure4::finding_of(two).parts.at(0).contrast.each.size() == 1);
  CHECK(mean_phi(grids, {"nli", q, "gaussian", Side::A}, 8, 16) ==
        Approx(16.0 / fake::dimension).epsilon(0.15));
}

TEST_CASE("F4's effect is the mean over all pairs of seeds, its n the number of seeds") {
  const std::vector<AdaptedModel> all = models(6, 0);
  std::vector<double> pairs;
  for (const AdaptedModel& one : all)
    for (const AdaptedModel& other : all) {
      if (one.cell.rank != 16 || other.cell.rank != 16 || one.cell.seed >= other.cell.seed)
        continue;
      const auto phi = [&](const std::string& name) {
        const Grid grid{lora::similarity_grid(directions(one.matrices.at(name), Side::right),
                                              directions(other.matrices.at(name), Side::right)),
                        fake::dimension};
        return grid.corrected(8, 8);
      };
      pairs.push_back(phi(q) - phi(v));
    }
  REQUIRE(pairs.size() == 28);
  std::vector<Finding> findings{figure4::finding_of(figure4::grids_of(all))};
  judge(findings);
  CHECK(findings[0].parts[0].judgement.effect == Approx(mean(pairs)));
  CHECK(findings[0].parts[0].judgement.pairs == 8);
}

TEST_CASE("F6 on adapters beside W's top directions, and on them") {
  using enum Outcome;
  std::vector<AdaptedModel> all = models(0, 0);
  const Grids grids = figure8::grids_of(all);
  CHECK(outcomes(figure8::finding_of(grids)) == std::vector{holds});
  CHECK(mean_phi(grids, {"nli", q, "random", Side::right}, 16, 16) ==
        Approx(16.0 / fake::dimension).epsilon(0.15));
  const lora::Svd own = lora::svd(W);
  for (AdaptedModel& model : all)
    for (auto& [name, matrix] : model.matrices)
      matrix = fake::adapted(W, own.U.leftCols(model.cell.rank), own.V.leftCols(model.cell.rank));
  const Grids on_top = figure8::grids_of(all);
  CHECK(mean_phi(on_top, {"nli", q, "r4", Side::right}, 4, 6) == Approx(1));
  CHECK(mean_phi(on_top, {"nli", q, "r4", Side::left}, 4, 6) == Approx(1));
  CHECK(outcomes(figure8::finding_of(on_top)) == std::vector{does_not_hold});
}

TEST_CASE("adapters with permuted labels are compared among themselves") {
  const std::vector<AdaptedModel> all = with_twins(models(6, 0), models(0, 6));
  const GridKey key{"nli", q, "seeds", Side::right};
  GridKey permuted = key;
  permuted.what = "seeds-permuted";
  const Grids grids = figure4::grids_of(all);
  CHECK(mean_phi(grids, key, 6, 6) > 0.8);
  CHECK(mean_phi(grids, permuted, 6, 6) < 0.5);
  CHECK(grids.at(permuted).size() == 8);
  // F4 is what it is without them.
  std::vector<Finding> both{figure4::finding_of(grids)},
      alone{figure4::finding_of(figure4::grids_of(models(6, 0)))};
  judge(both), judge(alone);
  CHECK(both[0].parts[0].judgement.effect == alone[0].parts[0].judgement.effect);
  CHECK(both[0].parts[0].contrast.note.find("permuted") != std::string::npos);
  const Grids on_w = figure8::grids_of(all);
  CHECK(on_w.contains({"nli", q, "r4-permuted", Side::right}));
  CHECK(on_w.at({"nli", q, "r4", Side::right}).size() == 8);
}

TEST_CASE("F4's ceiling is what a seed shares with itself, and moves nothing else") {
  std::vector<AdaptedModel> all = models(6, 0);
  const std::size_t plain = all.size();
  for (std::size_t i = 0; i < plain; ++i) {
    AdaptedModel again = all[i];  // only the eighth seed's comes out otherwise
    if (again.cell.seed == 8) again.matrices = models(0, 0, 9).back().matrices;
    again.cell.rounding = "other";
    all.push_back(std::move(again));
  }
  const Grids grids = figure4::grids_of(all), alone = figure4::grids_of(models(6, 0));
  const auto& ceiling = grids.at({"nli", q, "rounding", Side::right});
  CHECK(ceiling.size() == 8);
  CHECK(ceiling.at({2, 1}).corrected(8, 8) == Approx(1));
  CHECK(ceiling.at({2, 8}).corrected(8, 8) < 0.5);
  for (const auto& [key, each] : alone)
    for (const auto& [repetition, grid] : each) CHECK(grids.at(key).at(repetition).phi == grid.phi);
}

TEST_CASE("the largest cosine finds a shared direction that is not the first") {
  std::vector<AdaptedModel> all = models(1, 1);
  for (AdaptedModel& model : all)
    for (auto& [name, matrix] : model.matrices)
      if (model.cell.rank == 16) {
        const lora::VectorXd first = matrix.delta.V.col(0);
        matrix.delta.V.col(0) = matrix.delta.V.col(9);
        matrix.delta.V.col(9) = first;
      }
  CHECK(mean_phi(figure3::grids_of(all), {"nli", q, "r8-r16", Side::right}, 1, 1) < 0.3);
  for (const figure3::Shared& one : figure3::shared_of(all)) {
    CHECK(one.largest_cosine == Approx(1));
    CHECK(one.chance.mean < 0.9);
    CHECK(one.second_of_small == Approx(7.0 / 8));
  }
}

TEST_CASE("F6 has the paper's 0.2 on the scale of ours") {
  const Finding finding = figure8::finding_of(figure8::grids_of(models(0, 0)));
  CHECK(finding.parts.at(0).contrast.threshold == Approx(0.111).epsilon(0.005));
}

TEST_CASE("a grid as CSV and as a table, with its chance level") {
  const Grids grids = figure4::grids_of(models(6, 0));
  const std::string csv = grid_csv(grids).text();
  // Two matrices, three sides and the Gaussian control, 16 x 16, and the head.
  CHECK(std::count(csv.begin(), csv.end(), '\n') == 2 * 4 * 256 + 1);
  CHECK(csv.find("nli,blocks.0.attn.q,seeds,BA-right,8,8,8,") != std::string::npos);
  const Report report = grid_report("Title", "Paper.", grids, {{1, 1}, {16, 16}, {17, 1}});
  const PlainTable& table = report.sections.at(0).table;
  CHECK(table.back().front() == "chance level, d = 40");
  CHECK(table.back().at(2) == "0.40");
  CHECK(table.at(1).front() == "nli blocks.0.attn.q gaussian A");
  CHECK(table.at(1).back() == "");  // r = 16 has no direction 17
}

}  // namespace figures_test
