#include "experiments/cli/train_run.h"

#include <doctest/doctest.h>

using namespace experiments;

TEST_CASE("a recorded learning rate is used for its task, method and targets alone") {
  LrSearch search{.task = "nli", .method = "lora", .targets = {"v", "q"}, .grid = {}, .choice = {}};
  search.choice.lr = 0.004;
  const LearningRates recorded{.command = "", .seeds = {}, .searches = {search}};
  Cell cell;
  cell.task = "nli";
  cell.targets = {"q", "v"};
  CHECK(learning_rate(cell, recorded).lr == 0.004);
  CHECK(learning_rate(cell, recorded).source == "recorded for nli lora q,v");

  cell.targets = {"q"};
  CHECK(learning_rate(cell, recorded).lr == default_lora_lr);
  CHECK(learning_rate(cell, recorded).source ==
        "the default of lora; none is recorded for nli lora q");
  cell.targets.clear();
  cell.method = "full";
  CHECK(learning_rate(cell, recorded).lr == default_full_lr);
}

TEST_CASE("the parameters of a run are counted by its plan") {
  TrainRun run;
  run.cell.method = "lora";
  run.lora.targets = {"q", "up"};
  run.lora.spec.rank = 4;
  run.lora.rank_pattern = {{"up", 2}};
  CHECK(trainable_count(run) == 2 * (4 * (64 + 64) + 2 * (64 + 256)));
  CHECK(to_json(run).text().find("\"trainable\":" + std::to_string(trainable_count(run)) + ",") !=
        std::string::npos);
  run.cell.method = "full";
  CHECK(trainable_count(run) == 112'960);
}
