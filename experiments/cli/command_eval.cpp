#include <fmt/format.h>

#include <memory>

#include "experiments/cli/commands.h"
#include "experiments/cli/model_options.h"
#include "experiments/evidence/json_object.h"
#include "experiments/harness/output.h"
#include "experiments/training/task_score.h"

namespace experiments {

namespace {

struct EvalOptions {
  ModelOptions model;
  TaskOptionTexts task;
  bool json = false;
};

int run_eval(const Command& command, const EvalOptions& given) {
  const ModelSource source = model_source(command, given.model);
  check_task_options(command, given.task);
  const SourcedModel sourced = load_model(source);
  const TaskChoice choice = chosen_task(command, given.task, sourced);
  const TaskScore score = score_task(*sourced.model, data::test_set(choice.task, choice.options));
  const bool has_facts = choice.task.has_facts;
  const std::string name(choice.task.name);
  if (!given.json) {
    print_out("{}\n{}{}: {}\n", to_string(sourced), name,
              has_facts ? fmt::format(" with {} new facts", choice.options.facts) : "",
              to_string(score));
    return 0;
  }
  JsonObject object;
  if (!sourced.adapter.empty()) object.set("adapter", sourced.adapter);
  object.set("base", sourced.base);
  object.set("task", name);
  if (has_facts) object.set("facts", choice.options.facts);
  object.set("metric", score.metric);
  object.set("value", score.value);
  object.set("nll", score.nll);
  object.set("examples", score.examples);
  print_out("{}", object.printed());
  return 0;
}

}  // namespace

Command eval_command() {
  Command command("eval", "score a base model or an adapter on a task's test examples");
  auto given = std::make_shared<EvalOptions>();
  add_model_options(command, given->model, BareBase::taken);
  add_task_options(command, given->task);
  command.flag("--json", given->json, "print one JSON object");
  command.action([given](const Command& command) { return run_eval(command, *given); });
  return command;
}

}  // namespace experiments
