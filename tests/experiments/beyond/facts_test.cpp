#include "experiments/beyond/facts.h"

#include <doctest/doctest.h>

#include <set>

#include "experiments/evidence/score_table.h"

using namespace experiments::beyond;
using namespace experiments::beyond::facts;

TEST_CASE("the rank needed is the smallest within the margin of the best") {
  CHECK(rank_needed({{1, 50}, {2, 87.1}, {4, 90}, {8, 89}}) == 2);
  CHECK(rank_needed({{1, 50}, {2, 86.9}, {4, 90}, {8, 89}}) == 4);
  CHECK(rank_needed({{1, 10}, {2, 20}, {4, 30}, {8, 40}}) == 8);
  CHECK(rank_needed({{1, 90}, {2, 20}}) == 1);
  CHECK(rank_needed({}) == 0);
}

TEST_CASE("K is fresh, and examples and facts grow together") {
  Settings options;
  for (const int K : facts::grid(options))
    CHECK(std::count(calibration_facts().begin(), calibration_facts().end(), K) == 0);
  std::set<std::pair<int, int>> facts_and_examples;
  for (const Cell& cell : facts::experiment().cells(settings_for(facts::experiment(), options))) {
    CHECK_NOTHROW(check_cell(cell));
    CHECK(cell.task == "sqlgen");
    if (cell.method != "frozen") facts_and_examples.emplace(cell.facts, cell.examples);
  }
  CHECK(facts_and_examples ==
        std::set<std::pair<int, int>>{{6, 75}, {12, 150}, {20, 250}, {28, 350}});
  options.facts = 10;
  CHECK(facts::grid(options) == std::vector<int>{6, 10, 12, 28});
  options.tasks = {data::tasks::nli};
  CHECK(facts::experiment().cells(settings_for(facts::experiment(), options)).empty());
}
