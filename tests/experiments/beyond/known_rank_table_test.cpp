#include <doctest/doctest.h>

#include <cmath>
#include <set>

#include "experiments/beyond/known_rank_experiment.h"
#include "experiments/beyond/known_rank_kinds.h"

namespace known_rank_table_test {

using namespace experiments::beyond;

TEST_CASE("what is left of a loss, also of none") {
  CHECK(StudentLoss{1, 2, 0.5}.left() == 0.25);
  CHECK(StudentLoss{1, 0, 0}.left() == 0);
  CHECK(std::isinf(StudentLoss{1, 0, 0.1}.left()));
}

TEST_CASE("readings and intervals are counted, the wrong ones apart from those that say nothing") {
  namespace table = known_rank_experiment;
  KnownRankResult found;
  found.analysed = {16, 1, 0.001};
  const auto add = [&](int true_rank, std::optional<int> estimated) {
    Recovery& matrix = found.matrices.emplace_back();
    matrix.true_rank = true_rank;
    matrix.estimated.rank = estimated;
  };
  add(2, 2), add(1, 3), add(4, std::nullopt);
  found.matrices[0].true_ladder = Ladder{6, 1, 2};  // a factor of 3
  found.matrices[0].amplification = Interval{2, 4};
  Cell cell;
  const CellResult one = table::result_of(cell, found);
  CHECK(one.value == 0);
  CHECK(one.more.at("loss_left") == 0.001);
  found.matrices.resize(1);
  found.matrices[0].amplification = Interval{3.5, 4};
  const CellResult missed = table::result_of(cell, found);
  CHECK(missed.value == 1);
  const table::Readings readings = table::readings({one, missed});
  CHECK(readings.right == 2);
  CHECK(readings.wrong == 1);
  CHECK(readings.none == 1);
  const table::Coverage coverage = table::coverage({one, missed});
  CHECK(coverage.held == 1);
  CHECK(coverage.intervals == 2);
}

TEST_CASE("each kind of teacher is a cell of its own, and asks for what its name says") {
  Settings settings = settings_of(Preset::full);
  std::set<std::string> keys;
  std::map<std::string, std::set<int>> planted;
  for (const Cell& cell : known_rank_experiment::experiment().cells(settings)) {
    CHECK_NOTHROW(check_cell(cell));
    CHECK(keys.insert(cell.key()).second);
    planted[cell.task].insert(cell.size);
    const KnownRankOptions options = options_of_teacher(cell, Preset::full);
    CHECK((options.teacher.place == Place::several) == (cell.task == "several"));
    CHECK((options.student.labels == Labels::drawn) == (cell.task == "drawn labels"));
    CHECK(options.ranks.empty() == (cell.task != "uniform"));
    CHECK(options.teacher.true_rank == cell.size);
  }
  CHECK(planted.at("uniform").contains(5));
  CHECK(planted.at("uniform").contains(7));
  CHECK(planted.at("noise") == std::set{0});
  CHECK_THROWS_AS(teacher_kind("uneven"), std::invalid_argument);
}

}  // namespace known_rank_table_test
