#include "experiments/cli/train_options.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "data/sqlgen.h"
#include "experiments/cli/model_source.h"
#include "experiments/cli/option_values.h"
#include "experiments/evidence/text.h"

namespace experiments::cli {

namespace {

const std::vector<std::string> lora_only{
    "--targets", "--targets-regex", "--blocks",       "--rank",          "--alpha",   "--scaling",
    "--init",    "--dropout",       "--rank-pattern", "--alpha-pattern", "--lr-ratio"};

int whole(const std::string& name, const std::string& text, long low, long high) {
  return static_cast<int>(parse_integer(name, text, low, high));
}

std::string method_names() {
  std::vector<std::string> names;
  for (const lora::Method* m : lora::all_methods()) names.emplace_back(m->name);
  return fmt::format("{}", fmt::join(names, ", "));
}

const lora::Method& chosen_method(const TrainTexts& given) {
  return lora::method(given.mode.empty() ? given.method : given.mode);
}

void check_mode(const Command& command, const TrainTexts& given) {
  if (given.mode.empty()) return;
  if (given.mode != "lora" && given.mode != "full")
    throw UsageError(fmt::format("unknown mode '{}'; valid are lora and full", given.mode));
  if (command.given("--method") && lora::method(given.method).name != given.mode)
    throw UsageError(fmt::format("--mode {} and --method {} disagree; --method alone says it",
                                 given.mode, given.method));
}

// Names with a dot are matched with the model's own, which is the injection's task.
std::vector<std::string> parse_projections(const std::string& text) {
  const std::vector<std::string> targets = split_at_commas(text);
  for (const std::string& target : targets)
    if (target.find('.') == std::string::npos) parse_targets(target);
  if (std::set(targets.begin(), targets.end()).size() != targets.size())
    throw UsageError(fmt::format("--targets {} names a projection twice", text));
  return targets;
}

// The fields of the cell that say on what it is trained, whatever the method.
void read_task(const SayNothing& say_nothing, const TrainTexts& given, Cell& cell) {
  const data::Task& task = data::parse_task(given.task);
  cell.task = given.task;
  if (task.has_facts)
    cell.facts = given.facts.empty()
                     ? default_task_options().facts
                     : whole("--facts", given.facts, data::min_facts, data::alias_count);
  else
    say_nothing({"--facts"}, "without the task sqlgen");
  const data::TaskInfo info = data::info(task, task_options(cell));
  cell.steps = given.steps.empty() ? info.steps : whole("--steps", given.steps, 1, 1'000'000);
  cell.examples =
      given.examples.empty() ? info.n_train : whole("--examples", given.examples, 1, most_examples);
  cell.seed = static_cast<std::uint64_t>(parse_integer("--seed", given.seed, 0, largest_seed));
}

void read_base(const TrainTexts& given, TrainRun& run) {
  run.base = base_config_of(given.base, "--base-steps");
  run.cell.base_seed = run.base.seed;
  run.cell.width = static_cast<int>(run.base.model.d_model);
  run.cell.depth = static_cast<int>(run.base.model.layers);
}

void read_size(const SayNothing& say_nothing, const TrainTexts& given,
               const std::string& with_method, TrainRun& run) {
  const lora::Method& method = lora::method(run.cell.method);
  constexpr long most = 1024;  // an attention over more positions than that takes gigabytes
  if (!method.size_is) return say_nothing({"--size"}, with_method);
  const nn::DecoderConfig& model = run.base.model;
  const long largest = method.largest ? std::min<long>(most, method.largest(model)) : most;
  run.cell.size =
      given.size.empty() ? usual_size(method, model) : whole("--size", given.size, 1, largest);
}

void read_targets(const SayNothing& say_nothing, const TrainTexts& given, Cell& cell) {
  if (!given.targets_regex.empty())
    return say_nothing({"--targets", "--blocks"}, "beside --targets-regex");
  cell.targets = parse_projections(given.targets);
  if (given.blocks.empty()) return;
  const std::string of_one = "beside a target that names its block: ";
  for (const std::string& target : cell.targets)
    if (target.starts_with("blocks.")) return say_nothing({"--blocks"}, of_one + target);
  cell.blocks = parse_integers("--blocks", given.blocks, 0, cell.depth - 1);
  if (cell.blocks.size() != split_at_commas(given.blocks).size())
    throw UsageError(fmt::format("--blocks {} names a block twice", given.blocks));
}

void read_patterns(const TrainTexts& given, long largest, lora::LoraConfig& lora) {
  if (!given.rank_pattern.empty())
    for (const auto& [name, text] : split_pairs("--rank-pattern", given.rank_pattern))
      lora.rank_pattern.emplace_back(name, whole("--rank-pattern " + name, text, 1, largest));
  if (!given.alpha_pattern.empty())
    for (const auto& [name, text] : split_pairs("--alpha-pattern", given.alpha_pattern))
      lora.alpha_pattern.emplace_back(name, parse_positive("--alpha-pattern " + name, text));
}

void read_lora(const SayNothing& say_nothing, const TrainTexts& given, TrainRun& run) {
  Cell& cell = run.cell;
  read_targets(say_nothing, given, cell);
  const long largest = run.base.model.d_model;
  cell.rank = whole("--rank", given.rank, 1, largest);
  cell.alpha = parse_positive("--alpha", given.alpha);
  cell.scaling = given.scaling;
  cell.init = lora::to_string(lora::parse_init(given.init));
  cell.dropout = parse_fraction("--dropout", given.dropout);
  cell.lr_ratio = parse_positive("--lr-ratio", given.lr_ratio);
  run.lora = lora_config(cell);
  run.lora.targets_regex = given.targets_regex;
  read_patterns(given, largest, run.lora);
}

void read_rate(const TrainTexts& given, TrainRun& run) {
  Cell& cell = run.cell;
  cell.optimizer = given.optimizer;
  if (cell.optimizer != "adamw" && cell.optimizer != "sgd")
    throw UsageError(
        fmt::format("unknown optimizer '{}'; valid are adamw and sgd", given.optimizer));
  if (!given.lr.empty()) {
    cell.lr = parse_positive("--lr", given.lr);
    run.lr_source = "given";
    return;
  }
  if (cell.optimizer == "sgd")
    throw UsageError("--optimizer sgd wants --lr: the rates that are recorded are AdamW's");
  const LearningRate rate = learning_rate(cell, recorded_learning_rates());
  cell.lr = rate.lr;
  run.lr_source = rate.source;
}

}  // namespace

TrainRun train_run(const TrainTexts& given, const SayNothing& say_nothing) {
  TrainRun run;
  read_task(say_nothing, given, run.cell);
  read_base(given, run);
  const lora::Method& method = chosen_method(given);
  run.cell.method = method.name;
  const std::string with_method = given.mode.empty() ? fmt::format("with --method {}", method.name)
                                                     : fmt::format("with --mode {}", given.mode);
  read_size(say_nothing, given, with_method, run);
  if (method.has_lora)
    read_lora(say_nothing, given, run);
  else
    say_nothing(lora_only, with_method);
  read_rate(given, run);
  lora::validate(spec_of(run), run.base.model);
  return run;
}

TrainRun train_run(const Command& command, const TrainTexts& given) {
  check_mode(command, given);
  return train_run(given, [&](const std::vector<std::string>& options, const std::string& why) {
    refuse_options(command, options, why);
  });
}

void add_lora_options(Command& command, TrainTexts& given) {
  const auto add = [&](const char* name, std::string& value, const std::string& help) {
    command.option(name, value, "LoRA: " + help);
  };
  add("--targets", given.targets, "projections, as q,v or blocks.0.attn.q");
  add("--blocks", given.blocks, "the targets in these blocks alone, as 0,1 (default: in all)");
  add("--rank", given.rank, "r, 1 to the width");
  add("--alpha", given.alpha, "numerator of the scale");
  add("--scaling", given.scaling, "alpha/r or alpha/sqrt(r)");
  add("--init", given.init, "of A, gaussian or kaiming-uniform");
  add("--dropout", given.dropout, "on the input of A");
  add("--lr-ratio", given.lr_ratio, "the learning rate of B over that of A (LoRA+)");
}

static void add_pattern_options(Command& command, TrainTexts& given) {
  command.option("--targets-regex", given.targets_regex,
                 "LoRA: instead of --targets, an expression that full names match");
  command.option("--rank-pattern", given.rank_pattern,
                 "LoRA: other ranks, as v=8,blocks.0.attn.q=2");
  command.option("--alpha-pattern", given.alpha_pattern, "LoRA: other alphas, as v=16");
}

void add_training_options(Command& command, TrainTexts& given) {
  const auto add = [&](const char* name, std::string& value, const std::string& help) {
    command.option(name, value, help);
  };
  add("--optimizer", given.optimizer, "adamw, or sgd with momentum 0.9");
  add("--lr", given.lr,
      "peak learning rate (default: the recorded one, else 0.01 with LoRA and 0.001 without; times "
      "64/width)");
  add("--steps", given.steps, "of the optimizer (default: the task's)");
  add("--examples", given.examples, "to train on (default: the task's)");
  add("--facts", given.facts, "sqlgen: how many meanings change, 2 to 32 (default 20)");
  add("--base-seed", given.base.seed, "names the pre-trained base");
  add("--base-steps", given.base.steps, "the steps it was trained for");
  add_shape_options(command, given.base, "of the base: ");
}

void add_train_options(Command& command, TrainTexts& given) {
  const auto add = [&](const char* name, std::string& value, const std::string& help) {
    command.option(name, value, help);
  };
  command.required("--task", given.task, data::task_names("or"));
  add("--method", given.method, "what trains: " + method_names());
  add("--mode", given.mode, "lora or full, the same as --method");
  add("--size", given.size,
      "of a method that has one: bottleneck width, prefix length, ... (default: about as many "
      "parameters as LoRA has by default)");
  add("--out", given.out,
      "the folder to write; full: the checkpoint's file (required without --dry-run)");
  add_lora_options(command, given);
  add_pattern_options(command, given);
  add_training_options(command, given);
  add("--seed", given.seed, "of what is drawn, such as A, of the examples and their order");
  add("--results", given.results, "results folder; the base is in RESULTS/base");
  command.flag("--dry-run", given.dry_run, "print what would be trained; write nothing");
  command.flag("--json", given.json, "print one JSON object");
}

}  // namespace experiments::cli
