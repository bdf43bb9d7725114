#include "experiments/report/paper.h"

#include <doctest/doctest.h>

#include "experiments/training/stopped.h"
#include "tests/experiments/fake_cells.h"

namespace paper_test {

using namespace experiments::report;

namespace {

using Run = std::function<void(const Settings&)>;

/// One cell of a base that needs no training, which calls `run`.
Experiment with_cells(const std::string& name, const Run& run) {
  return {
      .name = name,
      .question = "",
      .cells =
          [](const Settings& settings) {
            Cell cell = frozen(repetitions(settings).front());
            cell.base = "random";
            return std::vector<Cell>{cell};
          },
      .read = [](const Results&, Lab&) -> Report { throw std::logic_error("a part is not read"); },
      .train =
          [run](const Lab& lab, const Cell& cell, const std::atomic<bool>&) {
            run(lab.settings);
            return fake::result(cell);
          }};
}

}  // namespace

TEST_CASE("a shard of the paper runs its part of every sweep, and of nothing else") {
  const TemporaryFolder out;
  Settings settings = settings_of(Preset::smoke);
  settings.out = out.path();
  settings.dealer = std::make_shared<Dealer>(Shard{1, 1});
  std::string ran;
  const auto noted = [&](const std::string& name) {
    return with_cells(name, [&ran, name](const Settings& asked) {
      ran += name + " ";
      CHECK(asked.dealer != nullptr);
    });
  };
  Experiment without_cells = noted("times"), empty = noted("empty"), other = noted("other");
  without_cells.cells = {};
  empty.cells = [](const Settings&) { return std::vector<Cell>{}; };
  other.tasks = {};
  const Experiment failing =
      with_cells("failing", [](const Settings&) { throw std::runtime_error("it fails"); });

  CHECK(run_part_of_paper(settings, {without_cells, noted("a"), empty, other, noted("b")}) == 0);
  CHECK(ran == "a b ");
  CHECK(run_part_of_paper(settings, {failing, noted("c")}) == 1);
  CHECK(ran == "a b c ");
  CHECK_FALSE(std::filesystem::exists(out / "paper.json"));
  CHECK_FALSE(std::filesystem::exists(out / "a" / "report.json"));

  Experiment not_ready = noted("x");
  not_ready.cells = [](const Settings& asked) {
    return std::vector<Cell>{frozen(repetitions(asked).front())};  // of a base that is not there
  };
  CHECK_THROWS_AS(run_part_of_paper(settings, {not_ready, noted("d")}), NotReady);
  CHECK(ran == "a b c ");
}

}  // namespace paper_test
