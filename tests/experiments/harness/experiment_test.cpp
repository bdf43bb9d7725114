#include "experiments/harness/experiment.h"

#include <doctest/doctest.h>

#include <cstdio>
#include <nlohmann/json.hpp>

#include "nn/files/file.h"
#include "tests/experiments/fake_cells.h"

namespace experiment_test {

using namespace experiments::harness;

namespace {

/// Two cells of a base that needs no training, each "trained" by counting.
Experiment counting(const std::string& name, int& trained) {
  return {.name = name,
          .question = "",
          .cells =
              [](const Settings& settings) {
                std::vector<Cell> cells;
                for (Cell cell : repetitions(settings)) {
                  cell.base = "random";
                  cells.push_back(frozen(cell));
                }
                return cells;
              },
          .read =
              [](const Results& results, Lab&) {
                Report report{"Counted"};
                report.notes = {std::to_string(results.asked.size()) + " asked, " +
                                std::to_string(results.all.size()) + " there"};
                return report;
              },
          .train =
              [&trained](const Lab&, const Cell& cell, const std::atomic<bool>&) {
                ++trained;
                return fake::result(cell);
              }};
}

Settings small(const std::filesystem::path& out) {
  Settings settings = settings_of(Preset::smoke);
  settings.tasks = {data::tasks::nli};
  settings.out = out;
  return settings;
}

}  // namespace

TEST_CASE("an experiment trains what is missing, and writes its report in every form") {
  const TemporaryFolder out;
  Progress quiet(std::tmpfile(), false, 1e9);
  int trained = 0;
  const Experiment experiment = counting("counted", trained);
  Lab lab(small(out.path()), quiet);
  CHECK(run(experiment, lab).notes.front() == "2 asked, 2 there");
  CHECK(trained == 2);
  lab.settings.seeds = 3;
  const Report report = run(experiment, lab);
  CHECK(trained == 3);
  CHECK(report.notes.front() == "3 asked, 3 there");
  CHECK(report.warning == hardly_trained);
  const auto text = [&](const char* file) { return nn::read_file(out / "counted" / file); };
  CHECK(text("counted.md") == report_markdown(report));
  CHECK(text("counted.csv") == report.data.text());
  CHECK(report.data.rows().size() == 3);
  CHECK(report_json(report_from_json(text("report.json"))) == text("report.json"));

  lab.settings.start = Start::fresh;
  run(experiment, lab);
  CHECK(trained == 6);
}

TEST_CASE("an experiment runs on the tasks that it can be run on") {
  const TemporaryFolder out;
  Progress quiet(std::tmpfile(), false, 1e9);
  int trained = 0;
  Experiment experiment = counting("counted", trained);
  experiment.tasks = {data::tasks::sqlgen};
  Settings settings = settings_of(Preset::smoke);
  settings.out = out.path();
  CHECK(settings_for(experiment, settings).tasks.size() == 1);
  experiment.tasks = {data::tasks::sqlgen, data::tasks::nli};
  experiment.one_task = true;
  CHECK(settings_for(experiment, settings).tasks == std::vector<data::Task>{data::tasks::sqlgen});
  settings.tasks = {data::tasks::reorder};
  Lab lab(settings_for(experiment, settings), quiet);
  CHECK(lab.settings.tasks.empty());
  CHECK_THROWS_WITH_AS(run(experiment, lab),
                       doctest::Contains("counted runs on none of these tasks"),
                       std::invalid_argument);
}

TEST_CASE("an experiment without cells measures when it is read, and has no cells on disk") {
  const TemporaryFolder out;
  Progress quiet(std::tmpfile(), false, 1e9);
  Lab lab(small(out.path()), quiet);
  const Experiment experiment{.name = "measured",
                              .question = "",
                              .read =
                                  [](const Results& results, Lab&) {
                                    CHECK(results.all.empty());
                                    Report report{"Measured"};
                                    report.data = Csv({"seconds"});
                                    report.data.row(0.5);
                                    return report;
                                  },
                              .configuration =
                                  [](const Settings&) {
                                    return nlohmann::json{{"rounds", 5}};
                                  }};
  run(experiment, lab);
  CHECK(nn::read_file(out / "measured" / "measured.csv") == "seconds\n0.5\n");
  const auto card = nlohmann::json::parse(nn::read_file(out / "measured" / "run.json"));
  CHECK(card.at("configuration") == nlohmann::json{{"rounds", 5}});
}

}  // namespace experiment_test
