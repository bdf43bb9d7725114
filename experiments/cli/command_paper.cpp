#include <memory>

#include "experiments/cli/all_experiments.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/experiment_command.h"
#include "experiments/cli/option_values.h"
#include "experiments/report/paper.h"

namespace experiments::cli {

Command paper_command() {
  Command command("paper", "every table and figure of the paper, and the report");
  auto given = std::make_shared<SettingsTexts>();
  command.option("--preset", given->preset,
                 "smoke (minutes; its numbers mean nothing), quick, full");
  command.option("--tasks", given->tasks, task_list_help());
  command.option("--jobs", given->jobs, "cells at a time (default: the cores)");
  command.option("--out", given->out, "results folder");
  command.flag("--fresh", given->fresh, "start over in a folder that has results");
  add_part_options(command, *given);
  command.action(
      [given](const Command&) { return run_paper(settings_from(*given), all_experiments()); });
  return command;
}

}  // namespace experiments::cli
