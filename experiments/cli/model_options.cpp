#include "experiments/cli/model_options.h"

namespace experiments::cli {

void add_model_options(Command& command, ModelOptions& options, BareBase bare) {
  const char* const adapter = "a folder that train has written, or an adapter of PEFT's";
  if (bare == BareBase::refused)
    command.required("--adapter", path_value(options.adapter), adapter);
  else
    command.option("--adapter", path_value(options.adapter), adapter);
  command.option("--checkpoint", path_value(options.checkpoint),
                 "a model's file instead of the base from the cache");
  add_results_option(command, options.results);
  if (bare == BareBase::refused) return;
  add_base_options(command, options.base, "without adapter and checkpoint: which base",
                   "the steps it was trained for");
  add_shape_options(command, options.base, "of that base: ");
}

ModelSource model_source(const Command& command, const ModelOptions& options) {
  if (!options.checkpoint.empty())
    refuse_options(command, {"--results"}, "with --checkpoint: no base is looked for");
  if (command.has("--base-seed") && !(options.adapter.empty() && options.checkpoint.empty()))
    refuse_options(
        command, {"--base-seed", "--base-steps", "--width", "--depth"},
        options.adapter.empty() ? "with --checkpoint" : "with --adapter, which names its base");
  return {options.adapter, options.checkpoint, options.results, options.base.config()};
}

void add_task_options(Command& command, GivenTask& given) {
  command.option("--task", task_value(given.task),
                 data::task_names("or") + " (default: what the model was trained on)");
  add_facts_option(command, given.facts);
}

void check_task_options(const Command& command, const GivenTask& given) {
  if (given.task && !given.task->has_facts)
    refuse_options(command, {"--facts"}, "without the task sqlgen");
}

TaskChoice chosen_task(const Command& command, const GivenTask& given,
                       const SourcedModel& sourced) {
  const std::optional<TaskChoice> labelled = labelled_task(sourced);
  if (!given.task && !labelled)
    throw UsageError(fmt::format("{} says no task it was trained on; --task {} is wanted",
                                 to_string(sourced), data::task_names("or")));
  TaskChoice choice;
  choice.task = given.task ? *given.task : labelled->task;
  if (!choice.task.has_facts) refuse_options(command, {"--facts"}, "without the task sqlgen");
  if (given.facts)
    choice.options.facts = *given.facts;
  else if (labelled && labelled->task == choice.task)
    choice.options = labelled->options;
  return choice;
}

}  // namespace experiments::cli
