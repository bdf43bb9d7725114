#include "experiments/cli/train_options.h"

#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "experiments/cli/model_source.h"
#include "experiments/cli/train_pretrained_options.h"
#include "experiments/evidence/text.h"

namespace experiments::cli {

namespace {

const std::vector<std::string> lora_only{
    "--targets", "--targets-regex", "--blocks",       "--rank",          "--alpha",   "--scaling",
    "--init",    "--dropout",       "--rank-pattern", "--alpha-pattern", "--lr-ratio"};

std::string method_names() {
  std::vector<std::string> names;
  for (const lora::Method* m : lora::all_methods()) names.emplace_back(m->name);
  return fmt::format("{}", fmt::join(names, ", "));
}

const lora::Method& chosen_method(const TrainOptions& given) {
  return given.mode.empty() ? *given.method : lora::method(given.mode);
}

long largest_size(const TrainOptions& given) {
  constexpr long most = 1024;  // an attention over more positions than that takes gigabytes
  const lora::Method& method = chosen_method(given);
  return method.largest ? std::min<long>(most, method.largest(given.base.config().model)) : most;
}

// That of another's model depends on its matrices, which LoRA looks at.
long largest_rank_of(const TrainOptions& given) {
  return given.pretrained.model.empty() ? given.base.width : 1 << 16;
}

// Names with a dot are matched with the model's own, which is the injection's task.
Value projections(TrainOptions& given) {
  Value value = targets_value(given.targets);
  value.depends = true;
  value.read = [&given](const std::string& option, const std::string& text) {
    std::vector<std::string>& targets = given.targets;
    targets = split_at_commas(text);
    if (!given.pretrained.model.empty()) return;  // which has names of its own
    std::vector<std::string> one;
    for (const std::string& target : targets)
      if (target.find('.') == std::string::npos) targets_value(one).read(option, target);
    if (std::set(targets.begin(), targets.end()).size() != targets.size())
      throw UsageError(fmt::format("{} {} names a projection twice", option, text));
  };
  return value;
}

Value blocks_value(TrainOptions& given) {
  const auto read = [&given](const std::string& option, const std::string& text) {
    whole_list(given.blocks, 0, given.base.depth - 1).read(option, text);
    if (given.blocks.size() != split_at_commas(text).size())
      throw UsageError(fmt::format("{} {} names a block twice", option, text));
  };
  return {.kind = "LIST", .read = read, .depends = true};
}

void check_mode(const Command& command, const TrainOptions& given) {
  if (!given.mode.empty() && command.given("--method") && given.method->name != given.mode)
    throw UsageError(fmt::format("--mode {} and --method {} disagree; --method alone says it",
                                 given.mode, given.method->name));
}

// The fields of the cell that say on what it is trained, whatever the method.
void set_task(const SayNothing& say_nothing, const TrainOptions& given, Cell& cell) {
  cell.task = given.task.name;
  if (given.task.has_facts)
    cell.facts = given.facts.value_or(default_task_options().facts);
  else
    say_nothing({"--facts"}, "without the task sqlgen");
  const data::TaskInfo info = data::info(given.task, task_options(cell));
  cell.steps = given.steps.value_or(info.steps);
  cell.examples = given.examples.value_or(info.n_train);
  cell.seed = given.seed;
  cell.labels = given.labels;
  cell.init_seed = static_cast<std::uint64_t>(given.init_seed.value_or(0));
  cell.data_seed = static_cast<std::uint64_t>(given.data_seed.value_or(0));
}

void set_base(const TrainOptions& given, TrainRun& run) {
  run.base = given.base.config();
  run.cell.base_seed = given.base.seed;
  run.cell.width = given.base.width;
  run.cell.depth = given.base.depth;
}

void set_targets(const SayNothing& say_nothing, const TrainOptions& given, Cell& cell) {
  if (!given.targets_regex.empty())
    return say_nothing({"--targets", "--blocks"}, "beside --targets-regex");
  cell.targets = given.targets;
  if (given.blocks.empty()) return;
  const std::string of_one = "beside a target that names its block: ";
  for (const std::string& target : cell.targets)
    if (target.starts_with("blocks.")) return say_nothing({"--blocks"}, of_one + target);
  cell.blocks = given.blocks;
}

void set_lora(const SayNothing& say_nothing, const TrainOptions& given, TrainRun& run) {
  Cell& cell = run.cell;
  set_targets(say_nothing, given, cell);
  cell.rank = given.rank;
  cell.alpha = given.alpha;
  cell.scaling = lora::to_string(given.scaling);
  cell.init = lora::to_string(given.init);
  cell.dropout = given.dropout;
  cell.lr_ratio = given.lr_ratio;
  run.lora = lora_config(cell);
  run.lora.targets_regex = given.targets_regex;
  run.lora.rank_pattern = given.rank_pattern;
  run.lora.alpha_pattern = given.alpha_pattern;
}

void set_rate(const TrainOptions& given, TrainRun& run) {
  run.cell.optimizer = given.optimizer;
  if (!given.lr && given.optimizer == "sgd")
    throw UsageError("--optimizer sgd wants --lr: the rates that are recorded are AdamW's");
  const LearningRate rate = given.lr ? LearningRate{*given.lr, "given"}
                                     : learning_rate(run.cell, recorded_learning_rates());
  run.cell.lr = rate.lr;
  run.lr_source = rate.source;
}

}  // namespace

TrainRun train_run(const TrainOptions& given, const SayNothing& say_nothing) {
  TrainRun run;
  set_task(say_nothing, given, run.cell);
  set_base(given, run);
  const lora::Method& method = chosen_method(given);
  run.cell.method = method.name;
  const std::string with_method = given.mode.empty() ? fmt::format("with --method {}", method.name)
                                                     : fmt::format("with --mode {}", given.mode);
  if (method.size_is)
    run.cell.size = given.size ? *given.size : usual_size(method, run.base.model);
  else
    say_nothing({"--size"}, with_method);
  if (method.has_lora)
    set_lora(say_nothing, given, run);
  else
    say_nothing(lora_only, with_method);
  set_rate(given, run);
  lora::validate(spec_of(run), run.base.model);
  return run;
}

TrainRun train_run(const Command& command, const TrainOptions& given) {
  check_mode(command, given);
  return train_run(given, [&](const std::vector<std::string>& options, const std::string& why) {
    refuse_options(command, options, why);
  });
}

void add_method_option(Command& command, TrainOptions& given, const std::string& help) {
  const auto parse = [](const std::string& name) { return &lora::method(name); };
  command.option("--method", named<const lora::Method*>(given.method, parse, given.method->name),
                 help);
}

void add_size_option(Command& command, TrainOptions& given, const std::string& help) {
  command.option("--size", whole(given.size, 1, [&given] { return largest_size(given); }), help);
}

void add_lora_options(Command& command, TrainOptions& given) {
  const auto add = [&](const char* name, const Value& value, const std::string& help) {
    command.option(name, value, "LoRA: " + help);
  };
  add("--targets", projections(given), "projections, as q,v or blocks.0.attn.q");
  add("--blocks", blocks_value(given),
      "the targets in these blocks alone, as 0,1 (default: in all)");
  add("--rank", whole(given.rank, 1, [&given] { return largest_rank_of(given); }),
      "r, 1 to the width");
  add("--alpha", positive(given.alpha), "numerator of the scale");
  add("--scaling",
      named<lora::Scaling>(given.scaling, lora::parse_scaling, lora::to_string(given.scaling)),
      "alpha/r or alpha/sqrt(r)");
  add("--init", named<lora::Init>(given.init, lora::parse_init, lora::to_string(given.init)),
      "of A, gaussian or kaiming-uniform");
  add("--dropout", fraction(given.dropout), "on the input of A");
  add("--lr-ratio", positive(given.lr_ratio), "the learning rate of B over that of A (LoRA+)");
}

static void add_pattern_options(Command& command, TrainOptions& given) {
  command.option("--targets-regex", text_value(given.targets_regex),
                 "LoRA: instead of --targets, an expression that full names match");
  const auto rank = [&given](nn::Index& value) {
    return whole(value, 1, [&given] { return largest_rank_of(given); });
  };
  command.option("--rank-pattern", pattern<nn::Index>(given.rank_pattern, rank),
                 "LoRA: other ranks, as v=8,blocks.0.attn.q=2");
  command.option("--alpha-pattern", pattern<double>(given.alpha_pattern, positive<double>),
                 "LoRA: other alphas, as v=16");
}

void add_optimizer_options(Command& command, TrainOptions& given) {
  command.option("--optimizer", one_of(given.optimizer, "optimizer", {"adamw", "sgd"}),
                 "adamw, or sgd with momentum 0.9");
  command.option("--lr", positive(given.lr),
                 "peak learning rate (default: the recorded one, else 0.01 with LoRA and 0.001 "
                 "without; times 64/width)");
  command.option("--steps", whole(given.steps, 1, 1'000'000),
                 "of the optimizer (default: the task's)");
  command.option("--examples", whole(given.examples, 1, most_examples),
                 "to train on (default: the task's)");
  command.option("--labels", one_of(given.labels, "labels", {"true", "permuted"}),
                 "true, or permuted among the training examples: a control, with nothing to learn "
                 "but the examples by heart");
  add_facts_option(command, given.facts, "sqlgen: how many meanings change, 2 to 32 (default 20)");
}

void add_seed_options(Command& command, TrainOptions& given) {
  constexpr int largest = 1'000'000'000;
  command.option("--init-seed", whole(given.init_seed, 1, largest),
                 "names A and whatever else is drawn, in place of the seed");
  command.option("--data-seed", whole(given.data_seed, 1, largest),
                 "names the examples and their order, in place of the seed");
}

void add_train_options(Command& command, TrainOptions& given) {
  command.option("--task", Value{"NAME", task_value(given.task).read},
                 data::task_names("or") + " (required without --model)");
  add_method_option(command, given, "what trains: " + method_names());
  command.option("--mode", one_of(given.mode, "mode", {"lora", "full"}),
                 "lora or full, the same as --method");
  add_size_option(command, given,
                  "of a method that has one: bottleneck width, prefix length, ... (default: about "
                  "as many parameters as LoRA has by default)");
  command.option("--out", path_value(given.out),
                 "the folder to write; full: the checkpoint's file (required without --dry-run)");
  add_lora_options(command, given);
  add_pattern_options(command, given);
  add_optimizer_options(command, given);
  add_base_options(command, given.base, "names the pre-trained base",
                   "the steps it was trained for");
  add_shape_options(command, given.base, "of the base: ");
  command.option("--seed", seed_value(given.seed),
                 "of what is drawn, such as A, of the examples and their order");
  add_seed_options(command, given);
  add_results_option(command, given.results);
  add_pretrained_options(command, given);
  command.flag("--dry-run", given.dry_run, "print what would be trained; write nothing");
  add_json_option(command, given.json);
}

}  // namespace experiments::cli
