#include "experiments/beyond/planted.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "tests/experiments/paper/synthetic_scores.h"

namespace planted_test {

using namespace experiments::beyond;
using doctest::Approx;

namespace {

Settings settings(Preset preset) {
  return settings_for(planted::experiment(), settings_of(preset));
}

// How the directions of the student of the largest rank are found.
struct Found {
  double phi = 0.95, off = 0.02;
};

std::vector<CellResult> scored(const fake::ScoreOf& truth, double noise, const Found& found = {}) {
  autograd::Random random(5, "planted-test");
  std::vector<CellResult> results;
  for (const Cell& cell : planted::experiment().cells(settings(Preset::full))) {
    CellResult result = fake::result(cell);
    result.value = (truth(cell) + noise * random.normal()) / 100;
    result.nll = 1 - result.value;
    result.more["kl_start"] = 1;
    for (const char* name : {"q", "v"}) {
      result.more[std::string("phi_seen.") + name] = found.phi + 0.01 * random.normal();
      result.more[std::string("log_position_off.") + name] = found.off + 0.01 * random.normal();
    }
    results.push_back(result);
  }
  return results;
}

// Each of r* equal directions that is missing leaves its part of the gap, and so does a place that
// is missing: half of it for q and v alike.
double known_truth(const Cell& cell) {
  const auto adapts = [&](const std::string& name) {
    return std::count(cell.targets.begin(), cell.targets.end(), name) > 0;
  };
  const std::vector<std::string> places = planted::places_of(cell);
  double closed = 0;
  for (const std::string& place : places)
    closed += adapts(place) ? 1. / static_cast<double>(places.size()) : 0;
  return 99 * closed * std::min(1., static_cast<double>(cell.rank) / cell.size);
}

std::string outcome(const fake::ScoreOf& truth, double noise, const Found& found = {}) {
  return fake::letters(planted::finding(scored(truth, noise, found)));
}

}  // namespace

TEST_CASE("the rule of the planted change where the truth is known") {
  CHECK(outcome(known_truth, 0.5) == "hhhhhh");
  // Nothing depends on the rank: r* / 2 is as good. Or on the place: Wq alone never fails.
  CHECK(outcome([](const Cell&) { return 90.0; }, 0.5) == "hddhhh");
  // More rank always helps: r* never suffices.
  CHECK(outcome([](const Cell& cell) { return 5.0 * cell.rank; }, 0.5)[0] == 'd');
  // One of four plants may be enough, since the mean is asked for.
  CHECK(outcome(
            [](const Cell& cell) {
              return cell.size == 8 && cell.rank == 8 ? 60.0 : known_truth(cell);
            },
            0.5)[0] == 'd');
  CHECK(outcome(
            [](const Cell& cell) { return 2 * cell.rank == cell.size ? 98.0 : known_truth(cell); },
            0.5)[1] == 'd');
  // Wq alone fails everywhere.
  CHECK(outcome(
            [](const Cell& cell) {
              return cell.targets == std::vector<std::string>{"q"} ? 10.0 : known_truth(cell);
            },
            0.5)
            .substr(2, 2) == "hd");
  CHECK(outcome(known_truth, 200).substr(0, 4) == "oooo");
}

TEST_CASE("directions that are not the plant's are said to be others") {
  CHECK(outcome(known_truth, 0.5, {.phi = 0.2, .off = 0.4}).substr(4) == "dd");
  CHECK(outcome(known_truth, 0.5, {.phi = 0.0, .off = 0.02}).substr(4) == "dh");  // chance
}

TEST_CASE("teachers are drawn by the repetition, on fresh bases, and all ranks see the same one") {
  std::map<Repetition, std::map<std::pair<std::string, int>, std::set<int>>> ranks;
  std::set<std::string> keys;
  for (const Cell& cell : planted::experiment().cells(settings(Preset::full))) {
    CHECK_NOTHROW(check_cell(cell));
    CHECK(keys.insert(cell.key()).second);
    CHECK(cell.base_seed >= 11);
    if (weight_set(cell.targets) == "q,v")
      ranks[{cell.base_seed, cell.seed}][{cell.task, cell.size}].insert(cell.rank);
  }
  CHECK(ranks.size() == 10);
  for (const auto& [repetition, plants] : ranks)
    for (const int true_rank : {1, 2, 4, 8})
      CHECK(plants.at({planted::in_q_and_v, true_rank}) == std::set{1, 2, 4, 8, 16});
}

TEST_CASE("quick has what the rule compares") {
  std::map<std::pair<std::string, int>, std::set<std::string>> rows;
  for (const Cell& cell : planted::experiment().cells(settings(Preset::quick)))
    rows[{cell.task, cell.size}].insert(weights_row_name(weight_set(cell.targets), cell.rank));
  using Rows = std::set<std::string>;
  CHECK(rows.at({planted::in_q_and_v, 1}) == Rows{"q,v r=1", "q,v r=2", "q,v r=4", "q,v r=16"});
  CHECK(rows.at({planted::in_q_and_v, 4}) ==
        Rows{"q,v r=1", "q,v r=2", "q,v r=4", "q,v r=16", "q,v r=8", "q r=8"});
  for (const char* task : {planted::in_q, planted::in_v})
    CHECK(rows.at({task, 4}) == Rows{"q r=8", "q,v r=8"});
}

TEST_CASE("a student is a cell: its score, and its directions beside the plant's") {
  const TemporaryFolder folder;
  Settings settings = settings_of(Preset::smoke);
  settings.out = folder.path();
  settings.base_steps = 1;
  Progress quiet(std::tmpfile(), false, 1e9);
  Lab lab(settings, quiet);
  Cell cell = planted::experiment().cells(settings).front();
  cell.base = "random";  // as it is initialised: the plant does not ask how well it was trained
  cell.base_seed = 1;
  cell.size = 2;
  cell.targets = {"v"};
  cell.task = planted::in_v;
  cell.rank = 16;
  cell.steps = 300;
  lab.bases.prepare(cell);
  const CellResult found = planted::train(lab, cell, never);
  CHECK(found.value == Approx(1 - found.nll / found.more.at("kl_start")));
  CHECK(found.value > 0.8);
  CHECK(planted::over_matrices("phi_true")(found) > 0.5);
  CHECK(planted::over_matrices("log_position_off")(found) < 0.3);
  // Equal values along pairs of W: its part there is the norm of these singular values of W, and
  // the factor .1 ‖W‖ over that; the lowest that 5 to 20 allow is below 1, W's own first directions.
  CHECK(planted::over_matrices("log_position_true")(found) > 0.3);
  CHECK(planted::over_matrices("log_position_true")(found) < 1);
  CHECK(planted::over_matrices("size")(found) == Approx(0.1).epsilon(0.3));
  // Control: where the change is in q, a student on v finds next to nothing of it.
  cell.task = planted::in_q;
  const CellResult nothing = planted::train(lab, cell, never);
  CHECK(nothing.value < 0.3);
  CHECK(std::isnan(planted::over_matrices("phi_true")(nothing)));
}

}  // namespace planted_test
