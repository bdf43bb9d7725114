#include "experiments/harness/plan.h"

#include <doctest/doctest.h>

#include <nlohmann/json.hpp>

#include "experiments/cli/all_experiments.h"
#include "experiments/harness/search_rates.h"
#include "tests/experiments/fake_cells.h"
#include "tests/nn/temporary_folder.h"

namespace plan_test {

using namespace experiments::harness;

namespace {

Experiment an_experiment(const std::string& name, const std::string& sweep = "") {
  Experiment experiment{.name = name, .question = ""};
  experiment.cells = [](const Settings& options) {
    std::vector<Cell> cells;
    for (const Cell& cell : repetitions(options)) {
      cells.push_back(frozen(cell));
      cells.push_back(lora_cell(cell, options, {"q"}, 4));
    }
    return cells;
  };
  experiment.sweep = sweep;
  return experiment;
}

Settings small(const std::filesystem::path& out) {
  Settings options = settings_of(Preset::smoke);
  options.tasks = {data::tasks::nli};
  options.out = out;
  return options;
}

}  // namespace

TEST_CASE("a plan counts what is missing, also of cells whose learning rate it does not know") {
  const TemporaryFolder folder;
  Settings options = small(folder.path());
  const Experiment one = an_experiment("one");
  Cell done = one.cells(options)[1];
  done.lr = recorded_learning_rates().find("nli", "lora", {"q"}).choice.lr;
  std::filesystem::create_directory(folder / "one");
  fake::write(folder / "one" / "cells.jsonl", to_json(fake::result(done)).dump() + "\n{torn");

  std::vector<StagePlan> stages = plan({one}, options, 1);
  REQUIRE(stages.size() == 2);
  CHECK(stages[0].name == "base");
  CHECK(stages[0].missing == 1);
  CHECK(stages[1].cells == 4);
  CHECK(stages[1].missing == 3);
  CHECK(stages[1].seconds > 0);

  std::filesystem::create_directory(folder / "one" / "parts");
  std::filesystem::rename(folder / "one" / "cells.jsonl",
                          folder / "one" / "parts" / "1-of-2.jsonl");
  CHECK(plan({one}, options, 1)[1].missing == 3);  // of a shard
  std::filesystem::remove_all(folder / "one" / "parts");

  done.lr *= 2;  // another cell, unless nobody knows the rate yet
  fake::write(folder / "one" / "cells.jsonl", to_json(fake::result(done)).dump() + "\n");
  CHECK(plan({one}, options, 1)[1].missing == 4);
  options.search = true;
  CHECK(plan({one}, options, 1)[2].missing == 3);
  options.search = false;
  options.start = Start::fresh;
  CHECK(plan({one}, options, 1)[1].missing == 4);
}

TEST_CASE("what two stages share is planned once, and not known is said") {
  const TemporaryFolder folder;
  const Settings options = small(folder.path());
  const std::vector<StagePlan> stages =
      plan({an_experiment("one", "both"), an_experiment("two", "both"),
            Experiment{.name = "three", .question = ""}},
           options);
  CHECK(stages[1].missing == 4);
  CHECK(stages[2].cells == 4);
  CHECK(stages[2].missing == 0);
  CHECK(stages[3].seconds < 0);
  CHECK(plan_text(stages, 2).find("three                       0        0  not known") !=
        std::string::npos);
}

TEST_CASE("a search of learning rates is part of the plan, once for each place") {
  const TemporaryFolder folder;
  Settings options = small(folder.path());
  options.search = true;
  const std::vector<StagePlan> stages =
      plan({an_experiment("one"), an_experiment("two")}, options, 1);
  CHECK(stages[1].name == "learning-rates");
  CHECK(stages[1].cells == 24);  // eight rates, three seeds
  CHECK(cells_without_rate({an_experiment("one")}, options).size() == 2);
}

TEST_CASE("an experiment that searches for each row has a search of its own in the plan") {
  const TemporaryFolder folder;
  Settings options = small(folder.path());
  Experiment own = an_experiment("own");
  own.own_rates = true;
  std::vector<StagePlan> stages = plan({own}, options, 1);
  REQUIRE(stages.size() == 3);
  CHECK(stages[1].name == "own/search");
  CHECK(stages[1].cells == 9);  // three rates near the recorded one, three seeds, for both seeds
  CHECK(stages[2].missing == 4);
  options.search = true;
  stages = plan({own, an_experiment("one")}, options, 1);
  REQUIRE(stages.size() == 5);
  CHECK(stages[1].name == "learning-rates");
  CHECK(stages[1].cells == 24);  // of the other alone
  CHECK(stages[2].name == "own/search");
  CHECK(stages[2].cells == 9);
  CHECK(cells_without_rate({own}, options).empty());
}

TEST_CASE("every method has a range of learning rates, those that train much the lowest") {
  CHECK(lowest_rate("full") < lowest_rate("adapter-h"));
  CHECK(lowest_rate("adapter-h") < lowest_rate("lora"));
  CHECK(lowest_rate("lora") < lowest_rate("prefix-layer"));
  CHECK_THROWS_AS(lowest_rate("frozen"), std::invalid_argument);
  // Of everything that an experiment trains.
  for (const Cell& cell :
       cells_without_rate(experiments::cli::all_experiments(), settings_of(Preset::full)))
    CHECK_NOTHROW(lowest_rate(cell.method));
}

TEST_CASE("a base is planned with the steps and the width that it takes") {
  const TemporaryFolder folder;
  Settings options = small(folder.path());
  options.base_steps = 600;
  Experiment other = an_experiment("other");
  other.cells = [](const Settings& asked) {
    std::vector<Cell> cells = an_experiment("").cells(asked);
    for (Cell& cell : cells) cell.base_steps = 200;
    return cells;
  };
  const double usual = plan({an_experiment("one")}, options, 1)[0].seconds;
  const double fewer = plan({other}, options, 1)[0].seconds;
  CHECK(fewer == doctest::Approx(usual / 3));
  const StagePlan both = plan({an_experiment("one"), other}, options, 1)[0];
  CHECK(both.cells == 2);  // the same seed and width, and yet two bases
  CHECK(both.seconds == doctest::Approx(usual + fewer));
  const auto narrow = other.cells;
  other.cells = [narrow](const Settings& asked) {
    std::vector<Cell> cells = narrow(asked);
    for (Cell& cell : cells) cell.width = 128;
    return cells;
  };
  CHECK(plan({other}, options, 1)[0].seconds == doctest::Approx(4 * fewer));
}

}  // namespace plan_test
