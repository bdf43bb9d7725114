#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "data/describe.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/model_source.h"
#include "experiments/cli/option_values.h"
#include "experiments/harness/output.h"

namespace experiments {

namespace {

struct TasksOptions {
  std::string tasks = "all", facts;
};

int run_tasks(const TasksOptions& given) {
  const auto tasks = parse_tasks(given.tasks);
  data::TaskOptions options = default_task_options();
  if (!given.facts.empty()) {
    if (!any_has_facts(tasks)) throw UsageError("--facts has no effect without the task sqlgen");
    options.facts = static_cast<int>(parse_integer("--facts", given.facts, 2, 32));
  }
  for (const data::Task& task : tasks) print_out("{}\n", data::describe(task, options));
  return 0;
}

}  // namespace

Command tasks_command() {
  Command command("tasks", "show what the toy tasks ask, with examples");
  auto given = std::make_shared<TasksOptions>();
  command.option("--tasks", given->tasks, task_list_help());
  command.option("--facts", given->facts, "sqlgen: how many meanings change");
  command.action([given](const Command&) { return run_tasks(*given); });
  return command;
}

}  // namespace experiments
