#include <doctest/doctest.h>

#include "data/vocabulary.h"
#include "experiments/beyond/forgetting.h"
#include "experiments/beyond/known_rank_student.h"
#include "experiments/training/adapt.h"
#include "experiments/training/batches.h"
#include "experiments/training/task_score.h"
#include "lora/analysis/activations.h"
#include "lora/analysis/low_rank.h"
#include "lora/files/adapter.h"
#include "lora/merge.h"
#include "tests/lora/small_model.h"
#include "tests/nn/mlp_classifier.h"
#include "tests/nn/temporary_folder.h"

namespace second_model_test {

// What is written for models must not need a decoder: the same calls, on a classifier without
// attention.

using namespace experiments::beyond;

namespace {

constexpr int row_length = 9;  // of nli, with one target

MlpClassifier classifier(std::uint64_t seed = 1) {
  return {data::vocabulary().size(), row_length, /*width=*/8, /*m=*/24, seed};
}

std::vector<data::Example> examples_of(data::Split split, int count) {
  return data::examples(data::parse_task("nli"), {}, split, 1, count);
}

lora::LoraConfig both_layers() {
  lora::LoraConfig config;
  config.targets = {"hidden", "scores"};
  config.spec = {.rank = 3, .alpha = 6};
  return config;
}

// LoRA on the classifier, trained for some steps as a cell of a sweep is.
MlpClassifier adapted(int steps) {
  MlpClassifier model = classifier();
  lora::inject(model, both_layers(), 5);
  Cell cell;
  cell.lr = 3e-2;
  cell.steps = steps;
  cell.seed = 1;
  train(model, cell, examples_of(data::Split::train, 300));
  return model;
}

nn::TokenBatch some_batch() {
  return token_batch(data::make_batch(examples_of(data::Split::test, 50)));
}

}  // namespace

TEST_CASE("a model that is no decoder is planned, injected, trained and scored") {
  MlpClassifier base = classifier();
  CHECK(lora::describe(lora::plan(base, both_layers())) ==
        "projection                  (out,in)     r  scale                    r (in + out)\n"
        "hidden                       (24,72)     3  alpha/r = 6/3 = 2        3 (72 + 24) = 288\n"
        "scores                      (177,24)     3  alpha/r = 6/3 = 2        3 (24 + 177) = 603\n"
        "2 projections, 891 trainable parameters\n");
  const auto seen = examples_of(data::Split::train, 300);
  const TaskScore before = score_task(base, seen);
  MlpClassifier model = adapted(200);
  CHECK(nn::count(nn::trainable_parameters(model)) == 891);
  CHECK(lora::base_fingerprint(model) == lora::base_fingerprint(base));
  const TaskScore after = score_task(model, seen);
  CHECK(before.value < 0.1);
  CHECK(after.value > 0.45);  // the commonest label is right in 38 %
  CHECK(after.nll < before.nll / 4);
  CHECK(after.metric == "accuracy");
}

TEST_CASE("a model that is no decoder is merged, saved and loaded") {
  MlpClassifier model = adapted(20), base = classifier();
  const TemporaryFolder folder;
  lora::save_adapter(folder.path(), model);
  MlpClassifier loaded = classifier();
  lora::load_adapter(folder.path(), loaded);
  const nn::Matrix logits = all_logits(model, some_batch()).m;
  CHECK(same_bits(all_logits(loaded, some_batch()).m, logits));
  CHECK_FALSE(same_bits(all_logits(base, some_batch()).m, logits));
  MlpClassifier other = classifier(2);
  CHECK_THROWS_AS(lora::load_adapter(folder.path(), other), lora::AdapterError);

  lora::merge(model);
  CHECK(all_logits(model, some_batch()).m.isApprox(logits, 1e-5f));
  lora::unmerge(model);
  CHECK(same_bits(all_logits(model, some_batch()).m, logits));
  lora::merge(model);
  lora::unwrap(model);
  CHECK(all_logits(model, some_batch()).m.isApprox(logits, 1e-5f));
}

TEST_CASE("a model that is no decoder learns from one of its kind") {
  MlpClassifier teacher = adapted(100);
  StudentOptions options;
  options.rank = 3;
  options.alpha = 6;
  options.steps = 100;
  options.length = row_length;
  options.targets = {"hidden", "scores"};
  const Student student =
      train_student(std::make_unique<MlpClassifier>(classifier()), teacher, options, never);
  CHECK(student.kl < student.start / 2);
}

TEST_CASE("a model that is no decoder is analysed") {
  MlpClassifier model = adapted(200), base = classifier();
  const auto moments = lora::input_second_moments(model, [&] { all_logits(model, some_batch()); });
  REQUIRE(moments.size() == 2);
  const auto layers = lora::lora_layers(model);
  REQUIRE(layers.size() == 2);
  for (const auto& [name, layer] : layers) {
    const lora::Svd change = lora::delta_svd(*layer);
    CHECK(lora::numerical_rank(change.sigma, 1e-6) == 3);
    const lora::MatrixXd root = lora::square_root(moments.at(name));
    CHECK(lora::whitened_delta_svd(*layer, root).sigma.size() == 3);
    const lora::MatrixXd W = layer->w0().m.cast<double>();
    const auto found =
        lora::amplification(W, lora::svd(W), change, 3, nn::Random(1, "random." + name));
    CHECK(found.delta_norm > 0);
    CHECK(found.in_w > found.in_random);
  }
  CellResult result;
  forgetting::measure_intruders(base, model, result);
  CHECK(result.more.contains("intruders.hidden"));
  CHECK(result.more.at("best_cosine.scores") < 1);
  CHECK(result.more.at("best_cosine.scores") > 0);
}

}  // namespace second_model_test
