#include "experiments/beyond/sweep.h"

#include <doctest/doctest.h>

#include <cstdio>

#include "tests/experiments/fake_cells.h"

namespace sweep_test {

using namespace experiments::beyond;

namespace {

/// Two ranks and full fine-tuning, of which the rank says nothing.
sweep::Sweep a_sweep() {
  sweep::Sweep sweep{.name = "mine", .axes = {{"rank", {"1", "4"}}, {"method", {"lora", "full"}}}};
  for (const int rank : {1, 4}) {
    Cell cell = fake::cell("nli", {"q"}, rank, 0);
    sweep.rows.push_back({{std::to_string(rank), "lora"}, cell, "given"});
  }
  Cell full = fake::cell("nli", {}, 0, 0);
  full.method = "full";
  full.scaling = "";
  full.alpha = 0;
  sweep.rows.push_back({{"-", "full"}, full, "recorded for nli full"});
  return sweep;
}

Settings two_seeds() {
  Settings settings;
  settings.seeds = 2;
  return settings;
}

std::vector<CellResult> results_of(const std::vector<Cell>& cells) {
  std::vector<CellResult> results;
  for (const Cell& cell : cells) {
    results.push_back(fake::result(cell));
    results.back().value = 0.1 * cell.rank + 0.01 * static_cast<double>(cell.seed);
  }
  return results;
}

}  // namespace

TEST_CASE("every row is run with every seed, and its table has what was asked for alone") {
  const Experiment experiment = sweep::experiment(a_sweep());
  const std::vector<Cell> cells = experiment.cells(two_seeds());
  REQUIRE(cells.size() == 6);
  std::vector<CellResult> results = results_of(cells);
  results.push_back(fake::result(fake::cell("nli", {"q"}, 16, 1)));  // of an earlier sweep
  Progress quiet(std::tmpfile(), false, 1e9);
  Lab lab(two_seeds(), quiet);
  const Report report = experiment.read({cells, results}, lab);
  CHECK(report.title == "nli against rank, method");
  const PlainTable& table = report.sections.at(0).table;
  REQUIRE(table.size() == 4);
  CHECK(table[0] ==
        std::vector<std::string>{"rank", "method", "score", "nll", "trained", "lr", "its rate is"});
  CHECK(table[2][2] == "41.5 ±0.7");
  CHECK(table[3][0] == "-");
  CHECK(table[3][6] == "recorded for nli full");
  CHECK(report.data.rows().size() == 6);
}

TEST_CASE("the figure has the first axis as places and the others as lines") {
  const sweep::Sweep sweep = a_sweep();
  const Csv data =
      sweep::figure_data(sweep, results_of(sweep::experiment(sweep).cells(two_seeds())));
  REQUIRE(data.rows().size() == 3);
  CHECK(data.rows()[1][0] == "0");
  CHECK(data.rows()[1][1] == "method = lora");
  CHECK(data.rows()[1][2] == "1");
  CHECK(data.rows()[1][3] == "4");
  CHECK(data.rows()[2][1] == "method = full");
  CHECK(data.rows()[2][2] == "2");  // the place of "-" is behind the values
  const std::string script = sweep::figure_script(sweep);
  CHECK(script.find("set output 'mine.svg'") != std::string::npos);
  CHECK(script.find("['method = lora', 'method = full']") != std::string::npos);
  CHECK(script.find('@') == script.rfind('@'));  // none is left to fill in
}

}  // namespace sweep_test
