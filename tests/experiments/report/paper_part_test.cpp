#include "experiments/report/paper_part.h"

#include <doctest/doctest.h>

#include "experiments/training/stopped.h"
#include "tests/experiments/fake_cells.h"

using namespace experiments;

namespace {

using Run = std::function<void(const StudyOptions&)>;

Experiment with_cells(const std::string& name, const Run& run) {
  Experiment experiment{name, "", {}, {}};
  experiment.cells = [](const StudyOptions& options) {
    return std::vector<Cell>{frozen(repetitions(options).front())};
  };
  experiment.run = [run](const StudyOptions& options, Bases&, Progress&) -> std::vector<Finding> {
    run(options);
    throw PartDone{"done"};
  };
  return experiment;
}

}  // namespace

TEST_CASE("a shard of the paper runs its part of every sweep, and of nothing else") {
  const TemporaryFolder out;
  StudyOptions options = study_preset("smoke");
  options.out = out.path();
  options.dealer = std::make_shared<Dealer>(Shard{1, 2});
  std::string ran;
  const auto noted = [&](const std::string& name) {
    return with_cells(name, [&ran, name](const StudyOptions& asked) {
      ran += name + " ";
      CHECK(asked.dealer != nullptr);
    });
  };
  Experiment without_cells = noted("times"), empty = noted("empty"), refusing = noted("refusing");
  without_cells.cells = {};
  empty.cells = [](const StudyOptions&) { return std::vector<Cell>{}; };
  refusing.cells = [](const StudyOptions&) -> std::vector<Cell> {
    throw std::invalid_argument("needs sqlgen");
  };
  const Experiment failing =
      with_cells("failing", [](const StudyOptions&) { throw std::runtime_error("it fails"); });

  CHECK(run_part_of_paper(options, {without_cells, noted("a"), empty, refusing, noted("b")}) == 0);
  CHECK(ran == "a b ");
  CHECK(run_part_of_paper(options, {failing, noted("c")}) == 1);
  CHECK(ran == "a b c ");
  CHECK(out.names().empty());  // no findings, no log, no report

  const Experiment not_ready =
      with_cells("x", [](const StudyOptions&) { throw NotReady("there is no base"); });
  CHECK_THROWS_AS(run_part_of_paper(options, {not_ready, noted("d")}), NotReady);
  const Experiment stopped =
      with_cells("x", [](const StudyOptions&) { throw Stopped("by a signal"); });
  CHECK_THROWS_AS(run_part_of_paper(options, {stopped, noted("d")}), Stopped);
  CHECK(ran == "a b c ");
}
