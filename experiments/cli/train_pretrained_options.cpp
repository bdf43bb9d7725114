#include "experiments/cli/train_pretrained_options.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/cli/pretrained_options.h"

namespace experiments::cli {

namespace {

// Of the toy tasks and their bases.
const std::vector<std::string> toy_only{"--task",      "--mode",      "--size",      "--blocks",
                                        "--optimizer", "--examples",  "--labels",    "--facts",
                                        "--init-seed", "--data-seed", "--base-seed", "--base-steps",
                                        "--width",     "--depth",     "--results"};

const std::vector<std::string> options_of_lora{
    "--targets", "--targets-regex", "--rank",         "--alpha",         "--scaling",
    "--init",    "--dropout",       "--rank-pattern", "--alpha-pattern", "--lr-ratio"};

// The values of a recipe go where the options' would have gone.
void set_recipe(const Command& options, const IsGiven& is_given,
                const finetune::PaperRecipe& recipe, bool is_full) {
  std::vector<Command::Given> values;
  for (const auto& [option, value] : recipe.values) {
    const bool is_of_lora = std::ranges::count(options_of_lora, option) > 0;
    const bool is_length = option == "--epochs" && is_given("--steps");
    if (!is_given(option) && !(is_full && is_of_lora) && !is_length)
      values.emplace_back(option, value);
  }
  options.read(values);
}

lora::LoraConfig lora_of(const TrainOptions& given, const IsGiven& is_given,
                         const SayNothing& say_nothing) {
  lora::LoraConfig config;
  config.spec = {given.rank, given.alpha, given.scaling, given.init, given.dropout};
  config.targets_regex = given.targets_regex;
  if (!given.targets_regex.empty())
    say_nothing({"--targets"}, "beside --targets-regex");
  else if (is_given("--targets"))
    config.targets = given.targets;
  config.rank_pattern = given.rank_pattern;
  config.alpha_pattern = given.alpha_pattern;
  return config;
}

void check_method(const TrainOptions& given) {
  if (given.method->name != std::string("lora") && given.method->name != std::string("full"))
    throw UsageError(
        fmt::format("--method {} is not for --model; valid are lora and full", given.method->name));
}

}  // namespace

const std::vector<std::string>& pretrained_only() {
  static const std::vector<std::string> names{
      "--data",  "--format", "--validation", "--validation-format", "--recipe",          "--epochs",
      "--batch", "--parts",  "--warmup",     "--weight-decay",      "--label-smoothing", "--length",
      "--frozen"};
  return names;
}

void add_pretrained_options(Command& command, TrainOptions& given) {
  PretrainedTrain& wanted = given.pretrained;
  finetune::Recipe& recipe = wanted.recipe;
  const auto add = [&](const char* name, const Value& value, const std::string& help) {
    command.option(name, value, "with --model: " + help);
  };
  add_pretrained_option(command, wanted.model);
  add_data_options(command, wanted.data, "with --model: the file to train on");
  add("--validation", path_value(wanted.validation), "a file to score on");
  add("--validation-format", format_value(wanted.validation_format),
      "of that file (default: that of the data)");
  add("--recipe", text_value(given.recipe),
      "e2e: the values of the paper's Table 11 for what is not given");
  add("--epochs", whole(recipe.epochs, 1, 10'000), "times that each text is learned from");
  add("--batch", whole(recipe.batch, 1, 10'000), "texts in a step");
  add("--parts", whole(recipe.parts, 1, 10'000),
      "in which a batch is computed, one after the other, to take less memory");
  add("--warmup", not_negative(recipe.warmup),
      "steps until the learning rate is at its peak; below 1: a part of all steps");
  add("--weight-decay", not_negative(recipe.weight_decay), "AdamW's, of matrices");
  add("--label-smoothing", fraction(recipe.label_smoothing), "of the cross-entropy");
  add("--length", whole(wanted.length, 2, 1'000'000),
      "ids of a text at most (default: as many as the model takes)");
  add_frozen_option(command, wanted.frozen);
}

PretrainedTrain pretrained_train(const Command& options, const TrainOptions& given,
                                 const IsGiven& is_given, const SayNothing& say_nothing) {
  say_nothing(toy_only, "with --model");
  check_method(given);
  const bool is_full = given.method->name == std::string("full");
  if (is_full) {
    say_nothing(options_of_lora, "with --method full");
    say_nothing({"--frozen"}, "with --method full, which freezes nothing");
  }
  if (is_given("--steps")) say_nothing({"--epochs"}, "beside --steps");
  if (!is_given("--validation")) say_nothing({"--validation-format"}, "without --validation");

  std::string recipe_text;
  if (is_given("--recipe")) {
    const finetune::PaperRecipe& recipe = finetune::paper_recipe(given.recipe);
    set_recipe(options, is_given, recipe, is_full);
    recipe_text = fmt::format("{}, {}", recipe.name, recipe.source);
  }
  PretrainedTrain wanted = given.pretrained;
  if (wanted.validation_format.empty()) wanted.validation_format = wanted.data.format;
  wanted.out = given.out;
  wanted.is_full = is_full;
  if (is_full)
    wanted.frozen = PretrainedTrain().frozen;
  else
    wanted.lora = lora_of(given, is_given, say_nothing);
  constexpr double full_lr = 5e-5;  // of a checkpoint's size, not of LoRA's
  if (is_full) wanted.recipe.lr = full_lr;
  if (given.lr) wanted.recipe.lr = *given.lr;
  if (!is_full) wanted.recipe.lr_ratio = given.lr_ratio;
  if (given.steps) wanted.recipe.steps = *given.steps;
  wanted.recipe_text = recipe_text;
  if (wanted.recipe.parts > wanted.recipe.batch)
    throw UsageError(fmt::format("--parts {} is above the {} texts of a batch", wanted.recipe.parts,
                                 wanted.recipe.batch));
  wanted.seed = given.seed, wanted.dry_run = given.dry_run, wanted.json = given.json;
  return wanted;
}

PretrainedTrain pretrained_train(const Command& command, const TrainOptions& given) {
  refuse_options(command, toy_only, "with --model");
  require_data(command);
  if (!given.dry_run) require_option(command, "--out", "DIR, the folder to write");
  if (given.dry_run) refuse_options(command, {"--out"}, "with --dry-run");
  return pretrained_train(
      command, given, [&](const std::string& option) { return command.given(option); },
      [&](const std::vector<std::string>& options, const std::string& why) {
        refuse_options(command, options, why);
      });
}

}  // namespace experiments::cli
