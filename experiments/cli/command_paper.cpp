#include <memory>

#include "experiments/cli/all_experiments.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/experiment_command.h"
#include "experiments/report/paper.h"

namespace experiments::cli {

Command paper_command() {
  Command command("paper", "every table and figure of the paper, and the report");
  auto given = std::make_shared<SettingsOptions>();
  command.option("--preset", named<Preset>(given->preset, parse_preset, to_string(given->preset)),
                 "smoke (minutes; its numbers mean nothing), quick, full");
  add_tasks_option(command, given->tasks);
  add_run_options(command, *given);
  command.action(
      [given](const Command&) { return run_paper(settings_from(*given), all_experiments()); });
  return command;
}

}  // namespace experiments::cli
