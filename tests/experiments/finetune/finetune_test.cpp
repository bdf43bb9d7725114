#include <doctest/doctest.h>

#include "experiments/finetune/finetune.h"
#include "experiments/training/stopped.h"
#include "lora/inject.h"
#include "nn/files/checkpoint.h"
#include "nn/files/file.h"
#include "tests/experiments/finetune/small_texts.h"
#include "tests/nn/temporary_folder.h"

using namespace experiments::finetune;

namespace {

std::unique_ptr<nn::Pretrained> adapted() {
  auto model = small_texts::model("gpt2");
  lora::LoraConfig config;
  config.targets = {"c_attn", "c_proj"};
  config.spec = {.rank = 2, .alpha = 4, .dropout = 0.1};
  lora::inject(*model, config, 1);
  return model;
}

FinetuneTexts some_texts(const nn::Pretrained& model) {
  const std::vector<Text> texts = small_texts::texts(model, 20);
  return {texts, texts, 0};
}

Recipe recipe() {
  Recipe recipe;
  recipe.epochs = 2, recipe.batch = 4, recipe.parts = 2, recipe.lr = 1e-2;
  return recipe;
}

struct Outcome {
  Finetuned trained;
  std::string fingerprint;
};

Outcome finish(const std::filesystem::path& state, const Recipe& recipe) {
  const auto model = adapted();
  Outcome outcome;
  outcome.trained = finetune(*model, some_texts(*model), recipe, 3, {state, "a run"}, false);
  outcome.fingerprint = nn::fingerprint(*model);
  return outcome;
}

}  // namespace

TEST_CASE("a training that was stopped goes on to the same bits") {
  const TemporaryFolder folder;
  const Outcome whole = finish(folder / "whole", recipe());
  CHECK(whole.trained.before.has_value());
  CHECK(whole.trained.after.has_value());
  CHECK(whole.trained.after->mean_nll() < whole.trained.before->mean_nll());
  CHECK(std::ranges::count(whole.trained.losses, '\n') == 10);

  // Asked to stop while a step is reported, it stops after the next one, and has saved that.
  for (const int asked_at : {1, 5, 8}) {
    CAPTURE(asked_at);
    const auto path = folder / ("cut" + std::to_string(asked_at));
    const auto model = adapted();
    std::atomic<bool> stop = false;
    CHECK_THROWS_WITH_AS(
        finetune(*model, some_texts(*model), recipe(), 3, {path, "a run"}, stop,
                 [&](long, const StepTaken& taken) { stop = taken.step >= asked_at; }),
        doctest::Contains(("after " + std::to_string(asked_at + 1) + " of 10 steps").c_str()),
        experiments::training::Stopped);
    CHECK(std::filesystem::exists(path));
    const Outcome rest = finish(path, recipe());
    CHECK(rest.fingerprint == whole.fingerprint);
    CHECK(rest.trained.losses == whole.trained.losses);
    CHECK(rest.trained.before->nll == whole.trained.before->nll);
    CHECK(rest.trained.after->nll == whole.trained.after->nll);
  }
  // Control: another seed of the order is seen.
  const auto model = adapted();
  finetune(*model, some_texts(*model), recipe(), 4, {folder / "other", "a run"}, false);
  CHECK(nn::fingerprint(*model) != whole.fingerprint);
}

TEST_CASE("a state of another training is refused, and the model stays") {
  const TemporaryFolder folder;
  const auto path = folder / "state";
  finish(path, recipe());
  const auto model = adapted();
  const std::string before = nn::fingerprint(*model);
  CHECK_THROWS_AS(finetune(*model, some_texts(*model), recipe(), 3, {path, "another run"}, false),
                  nn::CheckpointError);
  CHECK(nn::fingerprint(*model) == before);
}

TEST_CASE("a training that was saved after its last step only has to be written") {
  const TemporaryFolder folder;
  const Outcome once = finish(folder / "state", recipe());
  const Outcome again = finish(folder / "state", recipe());
  CHECK(once.fingerprint == again.fingerprint);
  CHECK(once.trained.losses == again.trained.losses);
  CHECK(once.trained.last_loss == again.trained.last_loss);
  CHECK(again.trained.last_loss > 0);
  CHECK(once.trained.after->nll == again.trained.after->nll);
}

TEST_CASE("measuring a step moves nothing and leaves no gradient") {
  const auto model = adapted();
  const std::string before = nn::fingerprint(*model);
  const Cost cost = measure_step(*model, some_texts(*model), recipe(), 3);
  CHECK(cost.seconds_per_step > 0);
  CHECK(cost.seconds_per_score > 0);
  CHECK(cost.peak_mb > 1);
  CHECK(nn::fingerprint(*model) == before);
  const TemporaryFolder folder;
  finetune(*model, some_texts(*model), recipe(), 3, {folder / "s", "a run"}, false);
  CHECK(nn::fingerprint(*model) == finish(folder / "t", recipe()).fingerprint);
}

TEST_CASE("warm-up is a part of the steps below 1, and steps from 1 on") {
  Recipe r;
  r.warmup = 0.06;
  CHECK(r.warmup_steps(1000) == 60);
  r.warmup = 500;
  CHECK(r.warmup_steps(1000) == 500);
  CHECK(r.warmup_steps(100) == 100);
  r.epochs = 5;
  CHECK(r.steps_of(88) == 440);
  r.steps = 7;
  CHECK(r.steps_of(88) == 7);
  CHECK_THROWS_WITH_AS(paper_recipe("glue"), "unknown recipe 'glue'; valid is e2e",
                       std::invalid_argument);
}
