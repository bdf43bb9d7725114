#include "experiments/model_options.h"

#include <fmt/format.h>

#include <cmath>

#include "data/sqlgen.h"
#include "experiments/command_line.h"

namespace experiments {

void add_model_options(CLI::App& command, ModelOptions& options, BareBase bare) {
  command.add_option("--adapter", options.adapter, "an adapter's folder, as train writes it");
  command.add_option("--checkpoint", options.checkpoint,
                     "a model's file instead of the base from the cache");
  command.add_option("--results", options.results, "results folder; the base is in RESULTS/base")
      ->capture_default_str();
  if (bare == BareBase::refused) return;
  command.add_option(
      "--base-seed", options.base_seed,
      fmt::format("without adapter and checkpoint: which base (default {})", default_base_seed));
  command.add_option("--base-steps", options.base_steps,
                     fmt::format("the steps it was trained for (default {})", BaseConfig().steps));
}

ModelSource model_source(const CLI::App& command, const ModelOptions& options) {
  ModelSource source;
  source.adapter = options.adapter;
  source.checkpoint = options.checkpoint;
  source.results = options.results;
  if (!options.checkpoint.empty())
    refuse_options(command, {"--results"}, "with --checkpoint: no base is looked for");
  if (command.get_option_no_throw("--base-seed") == nullptr) return source;

  if (!options.adapter.empty() || !options.checkpoint.empty())
    refuse_options(
        command, {"--base-seed", "--base-steps"},
        options.adapter.empty() ? "with --checkpoint" : "with --adapter, which names its base");
  std::uint64_t seed = default_base_seed;
  long steps = BaseConfig().steps;
  if (!options.base_seed.empty())
    seed = static_cast<std::uint64_t>(
        parse_integer("--base-seed", options.base_seed, 0, largest_seed));
  if (!options.base_steps.empty())
    steps = parse_integer("--base-steps", options.base_steps, 1, most_base_steps);
  source.base = base_config(seed, steps);
  return source;
}

void add_task_options(CLI::App& command, TaskOptionTexts& options) {
  command.add_option("--task", options.task,
                     "sqlgen, nli or reorder (default: what the model was trained on)");
  command.add_option("--facts", options.facts, "sqlgen: how many meanings change, 2 to 32");
}

static int parse_facts(const std::string& text) {
  return static_cast<int>(parse_integer("--facts", text, data::min_facts, data::alias_count));
}

void check_task_options(const CLI::App& command, const TaskOptionTexts& options) {
  if (!options.facts.empty()) parse_facts(options.facts);
  if (!options.task.empty() && data::parse_task(options.task) != data::Task::sqlgen)
    refuse_options(command, {"--facts"}, "without the task sqlgen");
}

TaskChoice chosen_task(const CLI::App& command, const TaskOptionTexts& options,
                       const SourcedModel& sourced) {
  const std::optional<TaskChoice> labelled = labelled_task(sourced);
  TaskChoice choice;
  if (!options.task.empty())
    choice.task = data::parse_task(options.task);
  else if (labelled)
    choice.task = labelled->task;
  else
    throw UsageError(
        fmt::format("{} says no task it was trained on; --task sqlgen, nli or "
                    "reorder is wanted",
                    to_string(sourced)));
  if (choice.task != data::Task::sqlgen)
    refuse_options(command, {"--facts"}, "without the task sqlgen");
  if (!options.facts.empty())
    choice.options.facts = parse_facts(options.facts);
  else if (labelled && labelled->task == choice.task)
    choice.options = labelled->options;
  return choice;
}

nlohmann::ordered_json json_number(double x) {
  if (std::isfinite(x)) return x;
  return fmt::format("{}", x);
}

}  // namespace experiments
