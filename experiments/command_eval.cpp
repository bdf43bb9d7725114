#include <fmt/format.h>

#include "experiments/command_line.h"
#include "experiments/model_options.h"
#include "experiments/task_score.h"

namespace experiments {

namespace {

struct Options {
  ModelOptions model;
  TaskOptionTexts task;
  bool json = false;
};

int eval(const CLI::App& command, const Options& given) {
  const ModelSource source = model_source(command, given.model);
  check_task_options(command, given.task);
  const SourcedModel sourced = load_model(source);
  const TaskChoice choice = chosen_task(command, given.task, sourced);
  const TaskScore score =
      score_task(*sourced.model, choice.task, data::test_set(choice.task, choice.options));
  const bool has_facts = choice.task == data::Task::sqlgen;
  const std::string name(data::to_string(choice.task));
  if (!given.json) {
    fmt::print("{}\n{}{}: {}\n", to_string(sourced), name,
               has_facts ? fmt::format(" with {} new facts", choice.options.facts) : "",
               to_string(score));
    return 0;
  }
  nlohmann::ordered_json object;
  if (!sourced.adapter.empty()) object["adapter"] = sourced.adapter;
  object["base"] = sourced.base;
  object["task"] = name;
  if (has_facts) object["facts"] = choice.options.facts;
  object["metric"] = score.metric;
  object["value"] = json_number(score.value);
  object["nll"] = json_number(score.nll);
  object["examples"] = score.examples;
  fmt::print("{}\n", object.dump());
  return 0;
}

}  // namespace

void add_eval(CLI::App& app, Action& action) {
  CLI::App* command =
      app.add_subcommand("eval", "score a base model or an adapter on a task's test examples");
  auto given = std::make_shared<Options>();
  add_model_options(*command, given->model, BareBase::taken);
  add_task_options(*command, given->task);
  command->add_flag("--json", given->json, "print one JSON object");
  command->callback(
      [command, given, &action] { action = [command, given] { return eval(*command, *given); }; });
}

}  // namespace experiments
