#include <fmt/format.h>

#include "data/describe.h"
#include "experiments/command_line.h"
#include "experiments/model_source.h"

namespace experiments {

void add_tasks(CLI::App& app, Action& action) {
  struct Options {
    std::string tasks = "all", facts;
  };
  CLI::App* command = app.add_subcommand("tasks", "show what the toy tasks ask, with examples");
  auto options = std::make_shared<Options>();
  command->add_option("--tasks", options->tasks,
                      "sqlgen, nli, reorder, separated by commas, or all");
  command->add_option("--facts", options->facts, "sqlgen: how many meanings change");
  command->callback([options, &action] {
    action = [options] {
      const auto tasks = parse_tasks(options->tasks);
      data::TaskOptions task_options = default_task_options();
      if (!options->facts.empty()) {
        if (std::find(tasks.begin(), tasks.end(), data::Task::sqlgen) == tasks.end())
          throw UsageError("--facts has no effect without the task sqlgen");
        task_options.facts = static_cast<int>(parse_integer("--facts", options->facts, 2, 32));
      }
      for (const data::Task task : tasks) fmt::print("{}\n", data::describe(task, task_options));
      return 0;
    };
  });
}

}  // namespace experiments
