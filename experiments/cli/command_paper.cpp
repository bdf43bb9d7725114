#include <memory>

#include "experiments/cli/all_experiments.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/option_values.h"
#include "experiments/cli/study_command.h"
#include "experiments/report/paper.h"

namespace experiments {

Command paper_command() {
  Command command("paper", "every table and figure of the paper, and the report");
  auto given = std::make_shared<StudyTexts>();
  command.option("--preset", given->preset,
                 "smoke (minutes; its numbers mean nothing), quick, full");
  command.option("--tasks", given->tasks, task_list_help());
  command.option("--jobs", given->jobs, "cells at a time (default: the cores)");
  command.option("--out", given->out, "results folder");
  command.flag("--fresh", given->fresh, "start over in a folder that has results");
  add_part_options(command, *given);
  command.action([given](const Command&) {
    StudyOptions options = study_preset(given->preset);
    apply(*given, options);
    return run_paper(options, all_experiments());
  });
  return command;
}

}  // namespace experiments
