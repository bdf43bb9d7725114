#include "experiments/cli/train_run.h"

#include <doctest/doctest.h>

#include "experiments/cli/model_source.h"
#include "experiments/training/labels.h"
#include "nn/files/file.h"
#include "nn/files/json.h"
#include "tests/nn/temporary_folder.h"

namespace train_run_test {

using namespace experiments::cli;

namespace {

LearningRates recorded_for_q_and_v() {
  LrSearch search{.task = "nli", .method = "lora", .targets = {"v", "q"}, .grid = {}, .choice = {}};
  search.choice.lr = 0.004;
  return {.command = "", .seeds = {}, .searches = {search}};
}

/// A method on an untrained base, which is in RESULTS/base.
TrainRun run_of(const std::string& method) {
  TrainRun run;
  run.cell.task = "nli";
  run.cell.method = method;
  run.cell.seed = 1, run.cell.lr = 1e-2, run.cell.steps = 2, run.cell.examples = 40;
  const lora::Method& known = lora::method(method);
  if (known.size_is) run.cell.size = 2;
  if (known.has_lora) {
    run.cell.targets = {"q", "v"}, run.cell.rank = 2, run.cell.alpha = 4;
    run.cell.scaling = "alpha/r";
    run.lora = lora_config(run.cell);
  }
  run.base = base_config(7, 1);
  run.lr_source = "given";
  return run;
}

}  // namespace

TEST_CASE("a recorded learning rate is used for its task, method and targets alone") {
  const LearningRates recorded = recorded_for_q_and_v();
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

TEST_CASE("a recorded learning rate falls as 1/width, and says what it was not searched with") {
  const LearningRates recorded = recorded_for_q_and_v();
  Cell cell;
  cell.task = "nli";
  cell.targets = {"q", "v"};
  cell.width = 128;
  CHECK(learning_rate(cell, recorded).lr == 0.002);
  CHECK(learning_rate(cell, recorded).source ==
        "recorded for nli lora q,v; times 64/128 for the width");
  cell.width = 64, cell.depth = 3, cell.blocks = {0}, cell.lr_ratio = 4;
  CHECK(learning_rate(cell, recorded).lr == 0.004);
  CHECK(learning_rate(cell, recorded).source ==
        "recorded for nli lora q,v; searched at depth 2, on all blocks, with one rate for A and B");
  cell.depth = 2, cell.blocks = {0, 1}, cell.lr_ratio = 1;
  CHECK(learning_rate(cell, recorded).source == "recorded for nli lora q,v");
}

TEST_CASE("the parameters of a run are counted by its plan") {
  TrainRun run;
  run.cell.method = "lora";
  run.lora.targets = {"q", "up"};
  run.lora.spec.rank = 4;
  run.lora.rank_pattern = {{"up", 2}};
  CHECK(trainable_count(run) == 2 * (4 * (64 + 64) + 2 * (64 + 256)));
  CHECK(nn::text_of(to_json(run))
            .find("\"trainable\":" + std::to_string(trainable_count(run)) + ",") !=
        std::string::npos);
  run.cell.method = "full";
  CHECK(trainable_count(run) == 112'960);
}

TEST_CASE("what any method trains is written, and read again as the same model") {
  const TemporaryFolder folder;
  const Base base = ensure_base(base_config(7, 1), folder / "base");
  for (const lora::Method* m : lora::all_methods()) {
    CAPTURE(m->name);
    const bool is_full = m->name == std::string("full");
    const TrainRun run = run_of(m->name);
    const auto out = folder / (is_full ? "full.safetensors" : m->name);
    check_output(run, out);
    const TrainResult trained = train_and_save(base, run, out);
    CHECK(nn::count(nn::trainable_parameters(*trained.model)) == trainable_count(run));
    CHECK_THROWS_WITH(check_output(run, out), doctest::Contains("is there already"));

    ModelSource source;
    (is_full ? source.checkpoint : source.adapter) = out;
    source.results = folder.path();
    const SourcedModel sourced = load_model(source);
    CHECK(sourced.method == (is_full ? "" : m->name));
    CHECK(nn::fingerprint(*sourced.model) == nn::fingerprint(*trained.model));
    CHECK(labelled_task(sourced)->task == data::tasks::nli);
    CHECK(sourced.labels.contains("size") == (m->size_is != nullptr));
  }
}

TEST_CASE("labels and JSON carry what is not as usual, and labels nothing else") {
  TrainRun run = run_of("lora");
  for (const char* name : {"size", "blocks", "optimizer", "lr_ratio", "labels"})
    CHECK_FALSE(labels(run.cell, run.base).contains(name));
  run.cell.blocks = {0, 1}, run.cell.optimizer = "sgd", run.cell.lr_ratio = 4;
  run.cell.labels = "permuted";
  CHECK(labels(run.cell, run.base).at("labels") == "permuted");
  CHECK(labels(run.cell, run.base).at("blocks") == "0,1");
  CHECK(labels(run.cell, run.base).at("optimizer") == "sgd");
  CHECK(labels(run.cell, run.base).at("lr_ratio") == "4");
  const std::string json = nn::text_of(to_json(run));
  for (const char* member : {"\"blocks\":[0,1]", "\"optimizer\":\"sgd\"", "\"lr_ratio\":4.0",
                             "\"labels\":\"permuted\"", "\"width\":64", "\"depth\":2"})
    CHECK_MESSAGE(json.find(member) != std::string::npos, member);
  CHECK(describe(run).find("B learns with 4 times the rate of A\n") != std::string::npos);
  CHECK(describe(run).find(" of SGD with momentum 0.9") != std::string::npos);
  CHECK(describe(run).find("40 examples with permuted labels, ") != std::string::npos);
}

TEST_CASE("a folder with the files of two methods is never made") {
  const TemporaryFolder folder;
  nn::write_file_atomically(folder / "method.safetensors", "another's");
  CHECK_THROWS_WITH(check_output(run_of("lora"), folder.path()),
                    doctest::Contains("method.safetensors is there already"));
  nn::create_folders(folder / "b");
  nn::write_file_atomically(folder / "b" / "adapter_config.json", "another's");
  CHECK_THROWS_WITH(check_output(run_of("bitfit"), folder / "b"),
                    doctest::Contains("adapter_config.json is there already"));
}

}  // namespace train_run_test
