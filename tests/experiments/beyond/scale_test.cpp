#include "experiments/beyond/scale.h"

#include <doctest/doctest.h>

#include <algorithm>

#include "experiments/harness/search_rates.h"
#include "tests/experiments/paper/synthetic_scores.h"

namespace scale_test {

using namespace experiments::beyond;
using namespace experiments::beyond::scale;
using doctest::Approx;

namespace {

// r = 1 is 40 points short in the usual model, and as many times less as there are more directions
// or as the model is wider.
double closing(const Cell& cell) {
  if (cell.method != "lora") return 95;
  const double larger = cell.width / 64.0 * cell.depth / 2.0 * cell.rank;
  return 95 - 40 / larger;
}

// Size changes what every rank reaches, and the gap not at all.
double better_for_all(const Cell& cell) {
  return cell.width / 16.0 + 2 * cell.depth + (cell.rank == 1 ? 30 : 60);
}

Settings settings(Preset preset) { return settings_for(scale::experiment(), settings_of(preset)); }

std::vector<CellResult> scored(const fake::ScoreOf& truth, double noise,
                               const Settings& how = settings(Preset::quick)) {
  autograd::Random random(1, "scale-test");
  std::map<Repetition, double> shared;
  std::vector<CellResult> results;
  for (const Cell& cell : scale::experiment().cells(how)) {
    const auto [at, is_new] = shared.try_emplace({cell.base_seed, cell.seed});
    if (is_new) at->second = 5 * random.normal();
    CellResult result = fake::result(cell);
    result.value = (truth(cell) + at->second + noise * random.normal()) / 100;
    result.more = {{"base_steps", 200}, {"base_answered", cell.width == 256 ? 0.5 : 1}};
    results.push_back(result);
  }
  return results;
}

std::string outcome(const fake::ScoreOf& truth, double noise) {
  return fake::letters(scale::finding(scored(truth, noise)));
}

}  // namespace

TEST_CASE("the gap is that of one repetition, and directions count layers, matrices and r") {
  const std::vector<CellResult> results = scored(closing, 0);
  const ByRepetition small = scale::gap(results, {64, 2}, 1);
  CHECK(small.size() == 8);
  for (const auto& [repetition, points] : small) CHECK(points == Approx(40 - 40 / 16.0));
  for (const auto& [repetition, points] : scale::gap(results, {256, 2}, 1))
    CHECK(points == Approx(10 - 10 / 16.0));
  CHECK(directions({64, 8}, 1) == 16);
  CHECK(directions({256, 2}, 4) == 16);  // width adds none
  CHECK(width_arm(results) == std::vector<Point>{{64, 2}, {256, 2}});
  CHECK(depth_arm(results) == std::vector<Point>{{64, 1}, {64, 2}, {64, 8}});
}

TEST_CASE("the rule of scale where the truth is known") {
  CHECK(outcome(closing, 2) == "hh");
  CHECK(outcome([](const Cell& cell) { return 135 - closing(cell); }, 2) == "dd");  // it grows
  // Size changes the gap not at all: refuted, since as much as a margin was claimed.
  CHECK(outcome(better_for_all, 0.5) == "dd");
  // Smaller by just the margin: not to be decided.
  const auto by_the_margin = [](const Cell& cell) {
    const bool is_larger = cell.width == 256 || cell.depth == 8;
    return cell.rank == 1 ? (is_larger ? 43 : 40) : 80;
  };
  CHECK(outcome(by_the_margin, 1) == "oo");
  CHECK(outcome(closing, 1000) == "oo");
  // Width alone, and depth alone.
  CHECK(outcome([](const Cell& cell) { return cell.rank == 1 && cell.width == 64 ? 40 : 80; },
                0.5) == "hd");
  CHECK(outcome([](const Cell& cell) { return cell.rank == 1 && cell.depth < 8 ? 40 : 80; }, 0.5) ==
        "dh");
}

TEST_CASE("what was not run is said, and decides nothing") {
  Settings some = settings(Preset::quick);
  some.ranks = {1};
  for (const auto& part : scale::finding(scored(closing, 1, some)).parts)
    CHECK(part.contrast.missing == "a rank above 1");
  some.ranks = {2, 16};
  for (const auto& part : scale::finding(scored(closing, 1, some)).parts)
    CHECK(part.contrast.missing.find("r=1") != std::string::npos);
}

TEST_CASE("models of one seed are adapted alike, and each has a search of its rate") {
  const std::vector<Cell> cells = scale::experiment().cells(settings(Preset::quick));
  std::map<Repetition, std::set<Point>> models;
  for (const Cell& cell : cells) {
    CHECK_NOTHROW(check_cell(cell));
    CHECK(cell.base_seed >= 11);
    CHECK(cell.facts == cells.front().facts);
    CHECK(std::ranges::count(calibration_facts(), cell.facts) == 0);
    CHECK(cell.base == "sqlgen");
    if (cell.method == "lora") {
      CHECK(cell.lr == 0);
      CHECK(cell.examples == 275);
      CHECK(cell.steps == 250);
      CHECK(cell.alpha == 8);
      models[{cell.base_seed, cell.seed}].insert({cell.width, cell.depth});
    }
  }
  CHECK(models.size() == 8);
  for (const auto& [repetition, all] : models) CHECK(all.size() == 4);

  const std::vector<Cell> searched = own_searched_cells(cells);
  CHECK(searched.size() == 4 * 2);  // models and ranks, whatever the repetition
  for (const Cell& cell : searched) CHECK(cell.base_seed == 11);
  // The same number of runs for each, around rates that fall with the width.
  for (const Cell& cell : searched) {
    const std::vector<double> rates = rates_near_recorded(cell);
    CHECK(rates.size() == 3);
    CHECK(rates[1] == Approx(rate_of(cell, recorded_learning_rates())));
    CHECK(search_runs({cell}, rates_near_recorded).size() == 9);
  }
}

TEST_CASE("the report has the gaps with their intervals, and names a base that fell short") {
  Progress quiet(std::tmpfile(), false, 1e9);
  Lab lab(settings(Preset::quick), quiet);
  const std::vector<CellResult> results = scored(closing, 0);
  std::vector<Cell> asked;
  for (const CellResult& result : results) asked.push_back(result.cell);
  const Report report = scale::read({asked, results}, lab);
  REQUIRE(report.sections.size() == 3);
  CHECK(report.sections[0].table.size() == 5);
  CHECK(report.sections[0].table[2].back() == "37.5 [37.5, 37.5]");
  CHECK(report.data.rows().size() == 4 * 2);
  const std::string text = report_text(report);
  CHECK(text.find("width 256, depth 2, base seed 11; width 256, depth 2, base seed 12") !=
        std::string::npos);
  CHECK(text.find("width 64, depth 2, base seed") == std::string::npos);
  CHECK(report.sections[2].table.size() == 1 + 4 * 4);
}

}  // namespace scale_test
