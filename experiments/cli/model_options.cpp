#include "experiments/cli/model_options.h"

#include <fmt/format.h>

#include "data/sqlgen.h"
#include "experiments/cli/option_values.h"

namespace experiments::cli {

void add_model_options(Command& command, ModelOptions& options, BareBase bare) {
  const char* const adapter = "a folder that train has written, or an adapter of PEFT's";
  if (bare == BareBase::refused)
    command.required("--adapter", options.adapter, adapter);
  else
    command.option("--adapter", options.adapter, adapter);
  command.option("--checkpoint", options.checkpoint,
                 "a model's file instead of the base from the cache");
  command.option("--results", options.results, "results folder; the base is in RESULTS/base");
  if (bare == BareBase::refused) return;
  command.option(
      "--base-seed", options.bare.seed,
      fmt::format("without adapter and checkpoint: which base (default {})", default_base_seed));
  command.option("--base-steps", options.bare.steps,
                 fmt::format("the steps it was trained for (default {})", BaseConfig().steps));
  add_shape_options(command, options.bare, "of that base: ");
}

ModelSource model_source(const Command& command, const ModelOptions& options) {
  ModelSource source;
  source.adapter = options.adapter;
  source.checkpoint = options.checkpoint;
  source.results = options.results;
  if (!options.checkpoint.empty())
    refuse_options(command, {"--results"}, "with --checkpoint: no base is looked for");
  if (!command.has("--base-seed")) return source;

  if (!options.adapter.empty() || !options.checkpoint.empty())
    refuse_options(
        command, {"--base-seed", "--base-steps", "--width", "--depth"},
        options.adapter.empty() ? "with --checkpoint" : "with --adapter, which names its base");
  source.base = base_config_of(options.bare, "--base-steps");
  return source;
}

void add_task_options(Command& command, TaskOptionTexts& options) {
  command.option("--task", options.task,
                 data::task_names("or") + " (default: what the model was trained on)");
  command.option("--facts", options.facts, "sqlgen: how many meanings change, 2 to 32");
}

static int parse_facts(const std::string& text) {
  return static_cast<int>(parse_integer("--facts", text, data::min_facts, data::alias_count));
}

void check_task_options(const Command& command, const TaskOptionTexts& options) {
  if (!options.facts.empty()) parse_facts(options.facts);
  if (!options.task.empty() && !data::parse_task(options.task).has_facts)
    refuse_options(command, {"--facts"}, "without the task sqlgen");
}

TaskChoice chosen_task(const Command& command, const TaskOptionTexts& options,
                       const SourcedModel& sourced) {
  const std::optional<TaskChoice> labelled = labelled_task(sourced);
  TaskChoice choice;
  if (!options.task.empty())
    choice.task = data::parse_task(options.task);
  else if (labelled)
    choice.task = labelled->task;
  else
    throw UsageError(fmt::format("{} says no task it was trained on; --task {} is wanted",
                                 to_string(sourced), data::task_names("or")));
  if (!choice.task.has_facts) refuse_options(command, {"--facts"}, "without the task sqlgen");
  if (!options.facts.empty())
    choice.options.facts = parse_facts(options.facts);
  else if (labelled && labelled->task == choice.task)
    choice.options = labelled->options;
  return choice;
}

}  // namespace experiments::cli
