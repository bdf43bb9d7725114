#include "experiments/evidence/comparison.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "tests/experiments/compared_cells.h"

namespace comparison_test {

using namespace experiments::evidence;
using fake::Cells;
using fake::changed;
using fake::runs;
using fake::with_alpha;

namespace {

Cells joined(Cells one, const Cells& other) {
  one.insert(one.end(), other.begin(), other.end());
  return one;
}

std::string refusal(const Cells& a, const Cells& b) {
  try {
    compared(a, b);
  } catch (const std::invalid_argument& error) {
    return error.what();
  }
  return "nothing";
}

}  // namespace

TEST_CASE("a known shift is found with its interval, and p is corrected over the rows") {
  const Comparison found = compared(runs(), changed(runs(), with_alpha(32, 2)));
  REQUIRE(found.differing.size() == 1);
  CHECK(found.differing[0].name == "alpha");
  CHECK(found.differing[0].a == std::vector<std::string>{"8"});
  CHECK(found.differing[0].b == std::vector<std::string>{"32"});
  CHECK(found.varying == std::vector<std::string>{"task", "rank"});
  REQUIRE(found.rows.size() == 2);
  CHECK(found.rows[0].cell.rank == 4);  // 16 would come first as a text
  const Interval wanted = t_interval({3, 4, 5});
  for (const ComparedRow& row : found.rows) {
    CHECK(row.points.pairs == 3);
    CHECK(row.points.mean == doctest::Approx(4));
    CHECK(row.points.b - row.points.a == doctest::Approx(4));
    CHECK(row.points.t.low == doctest::Approx(wanted.low));
    CHECK(row.points.t.high == doctest::Approx(wanted.high));
    CHECK(row.nll.mean == doctest::Approx(-0.04));
    CHECK(row.nll.t.low == doctest::Approx(-wanted.high / 100));
    CHECK(row.p == doctest::Approx(2 * p_mean_differs({3, 4, 5})));
  }
  CHECK(found.same_cells == 0);
  CHECK(found.pairs == 6);

  // Subtracted the other way round, it is the same with the other sign.
  const Comparison back = compared(changed(runs(), with_alpha(32, 2)), runs());
  CHECK(back.rows[0].points.mean == doctest::Approx(-4));
  CHECK(back.rows[0].points.t.low == doctest::Approx(-wanted.high));
}

TEST_CASE("the same cells are counted, and those with other numbers named") {
  const Comparison same = compared(runs(), runs());
  CHECK(same.is_of_same_cells());
  CHECK(same.same_cells == 6);
  CHECK(same.changed.empty());
  CHECK(same.differing.empty());
  CHECK(same.rows.empty());

  Cells other = runs();
  other[1].nll = std::nextafter(other[1].nll, 2);  // rank 4, seed 2
  const Comparison found = compared(runs(), other);
  CHECK(found.is_of_same_cells());
  REQUIRE(found.changed.size() == 1);
  CHECK(found.changed[0].b.cell.key() == other[1].cell.key());
  REQUIRE(found.rows.size() == 1);  // those of rank 16 are the same
  CHECK(found.rows[0].cell.rank == 4);

  // Seconds and who ran it are no numbers of the cell, and a NaN is the same as itself.
  const Cells diverged = changed(
      runs(), [](CellResult& result) { result.nll = std::numeric_limits<double>::quiet_NaN(); });
  CHECK(compared(diverged, changed(diverged,
                                   [](CellResult& result) {
                                     result.seconds = 99;
                                     result.experiment = "table5";
                                   }))
            .changed.empty());
}

TEST_CASE("cells that are in both stay what they are beside those that differ") {
  Cell base = fake::cell("nli", {}, 0, 0);
  base.method = "frozen";
  base.alpha = 0;
  base.scaling = "";
  const Cells frozen{fake::result(base)};
  const Comparison found =
      compared(joined(frozen, runs()), joined(frozen, changed(runs(), with_alpha(32, 2))));
  CHECK(found.same_cells == 1);
  CHECK(found.rows.size() == 2);
  REQUIRE(found.differing.size() == 1);
  CHECK(found.differing[0].a == std::vector<std::string>{"8"});  // not that of the frozen base
}

TEST_CASE("another method differs in what it has of its own") {
  const Cells full = changed(runs({4}), [](CellResult& result) {
    const Cell cell = result.cell;
    result.cell = {.task = cell.task,
                   .method = "full",
                   .targets = {},
                   .scaling = {},
                   .seed = cell.seed,
                   .base_seed = cell.base_seed,
                   .lr = 0.001,
                   .steps = cell.steps,
                   .examples = cell.examples};
  });
  const Comparison found = compared(full, runs({4}));
  std::vector<std::string> names;
  for (const DifferingField& field : found.differing) names.push_back(field.name);
  CHECK(names == std::vector<std::string>{"method", "targets", "rank", "alpha", "scaling", "lr"});
  CHECK(found.differing[1].a == std::vector<std::string>{"-"});
  REQUIRE(found.rows.size() == 1);
  CHECK(found.rows[0].points.pairs == 3);
}

TEST_CASE("rates that were searched for each row pair, though some are equal") {
  const auto with_rates = [](double of_4, double of_16) {
    return [=](CellResult& result) { result.cell.lr = result.cell.rank == 4 ? of_4 : of_16; };
  };
  const Cells a = changed(runs(), with_rates(0.01, 0.02));
  const Cells b = changed(changed(runs(), with_alpha(32, 0)), with_rates(0.02, 0.02));
  const Comparison found = compared(a, b);
  REQUIRE(found.differing.size() == 2);
  CHECK(found.differing[0].name == "alpha");
  CHECK(found.differing[1].name == "lr");
  CHECK(found.differing[1].a == std::vector<std::string>{"0.01"});
  CHECK(found.differing[1].b == std::vector<std::string>{"0.02"});
  CHECK(found.rows.size() == 2);
  CHECK(found.pairs == 6);
}

TEST_CASE("what has no partner is counted, and two pairs are needed for an interval") {
  const Cells a = runs({1, 4}, {1, 2, 3}), b = runs({4, 16}, {1, 2, 3});
  const Comparison found = compared(a, b);  // ranks 1 and 16 are no pair: 4 is in both
  CHECK(found.differing.empty());
  CHECK(found.same_cells == 3);
  CHECK(found.alone_in_a == 3);
  CHECK(found.alone_in_b == 3);
  CHECK(!found.is_of_same_cells());

  const Cells other = changed(runs({4}, {3, 4}), with_alpha(32, 2));
  const Comparison one = compared(runs({4}, {1, 2, 3}), other);
  REQUIRE(one.rows.size() == 1);
  CHECK(one.rows[0].points.pairs == 1);
  CHECK(one.rows[0].points.mean == doctest::Approx(5));
  CHECK(std::isnan(one.rows[0].p));
  CHECK(one.alone_in_a == 2);
  CHECK(one.alone_in_b == 1);
}

TEST_CASE("base seeds are repetitions of their own, and other seeds are no pairs") {
  const Cells other_base = changed(changed(runs({4}), with_alpha(32, 2)),
                                   [](CellResult& result) { result.cell.base_seed = 7; });
  const Comparison found = compared(runs({4}), other_base);
  REQUIRE(found.rows.size() == 1);
  CHECK(found.rows[0].points.pairs == 0);
  CHECK(std::isnan(found.rows[0].points.mean));
  CHECK(found.alone_in_a == 3);
}

TEST_CASE("a difference that is not finite does not count") {
  Cells other = changed(runs({4}), with_alpha(32, 2));
  other[0].nll = std::numeric_limits<double>::infinity();
  const Comparison found = compared(runs({4}), other);
  CHECK(found.rows[0].points.pairs == 3);
  CHECK(found.rows[0].nll.pairs == 2);
  CHECK(found.rows[0].nll.mean == doctest::Approx(-0.045));
}

TEST_CASE("cells that cannot be told apart, and tasks that share nothing, are one line") {
  const Cells a = runs({1, 4}, {1}), b = runs({8}, {1});
  const std::string reason = refusal(a, b);
  CHECK(reason == "A has two cells for one row and repetition where A and B differ in rank: " +
                      a[0].cell.key() + " and " + a[1].cell.key());
  CHECK(refusal(b, a).starts_with("B has two cells for one row and repetition"));
  CHECK(refusal(runs(), changed(runs(), [](CellResult& result) { result.cell.task = "reorder"; }))
            .starts_with("no task is both in A and in B"));
  // Targets and rank are crossed otherwise, and so are steps: no single field brings a pair.
  const auto with = [](const char* target, int rank, int steps) {
    CellResult result = fake::result(fake::cell("nli", {target}, rank, 1));
    result.cell.steps = steps;
    return result;
  };
  CHECK(refusal({with("q", 1, 10), with("v", 4, 20), with("k", 2, 30)},
                {with("q", 4, 30), with("v", 2, 10), with("k", 1, 20)})
            .starts_with("no cell of A has one of B"));
}

}  // namespace comparison_test
