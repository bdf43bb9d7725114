#include "experiments/evidence/paired.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "tests/experiments/fake_cells.h"

namespace paired_test {

using namespace experiments::evidence;

TEST_CASE("measurements are paired by base seed and seed, and by nothing else") {
  std::vector<CellResult> results;
  for (const int r : {1, 4})
    for (const std::uint64_t seed : {1, 2, 3})
      results.push_back(fake::result(fake::cell("nli", {"q"}, r, seed)));
  results.pop_back();  // r = 4 lacks seed 3
  results[0].more["x"] = 7;
  const auto of = [&](int r, const Measured& measured) {
    return by_repetition(
        results, [r](const Cell& cell) { return cell.rank == r; }, measured);
  };
  const ByRepetition D = difference(of(4, points), of(1, points));
  CHECK(D.size() == 2);
  CHECK(D.at({2, 1}) == 100 * results[3].value - 100 * results[0].value);
  CHECK(of(1, further("x")).at({2, 1}) == 7);
  CHECK(std::isnan(of(1, further("x")).at({2, 2})));
  CHECK_THROWS_AS(by_repetition(
                      results, [](const Cell&) { return true; }, points),
                  std::invalid_argument);
}

TEST_CASE("labels name K, in numerical order") {
  std::vector<CellResult> results;
  for (const int facts : {16, 8, 0}) {
    Cell cell = fake::cell(facts > 0 ? "sqlgen" : "nli", {"q"}, 1, 1);
    cell.facts = facts;
    results.push_back(fake::result(cell));
  }
  CHECK(task_labels(results) == std::vector<std::string>{"sqlgen, K = 8", "sqlgen, K = 16", "nli"});
}

TEST_CASE("trained cells are counted once, and frozen ones not") {
  Cell base = fake::cell("nli", {}, 0, 1);
  base.method = "frozen";
  const Cell one = fake::cell("nli", {"q"}, 4, 1), other = fake::cell("nli", {"q"}, 4, 2);
  CHECK(trained_cells(
            {fake::result(base), fake::result(one), fake::result(other), fake::result(one)}) == 2);
}

}  // namespace paired_test
