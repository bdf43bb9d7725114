#include <fmt/format.h>

#include <memory>

#include "experiments/cli/all_experiments.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/option_values.h"
#include "experiments/cli/study_command.h"
#include "experiments/harness/output.h"
#include "experiments/harness/plan.h"
#include "experiments/harness/search_rates.h"
#include "experiments/harness/shard_run.h"

namespace experiments {

namespace {

// Of every experiment in both its grids: the record is for quick, full has some places more.
std::vector<Cell> searched_cells(const StudyOptions& options) {
  std::vector<Cell> searched;
  for (const char* preset : {"quick", "full"}) {
    StudyOptions asked = study_preset(preset);
    asked.tasks = options.tasks;
    for (const Cell& cell : cells_without_rate(all_experiments(), asked))
      searched.push_back(searched_cell(cell, options));
  }
  return searched;
}

std::string table(const LearningRates& rates) {
  std::string text =
      fmt::format("{:<10}{:<18}{:<17}{:<9}{}\n", "task", "method", "targets", "lr", "why");
  for (const LrSearch& search : rates.searches)
    text += fmt::format("{:<10}{:<18}{:<17}{:<9}{}\n", search.task, search.method,
                        weight_set(search.targets), search.choice.lr, search.choice.reason);
  return text;
}

int search(const StudyTexts& given) {
  if (given.preset != "smoke" && given.preset != "full")
    throw UsageError(fmt::format("unknown preset '{}'; valid are smoke, full", given.preset));
  StudyOptions options = study_preset(given.preset);
  apply(given, options);
  Progress progress;
  Bases bases(options.out / "base", options.base_steps);
  const std::vector<Cell> cells = searched_cells(options);
  try {
    if (options.only_base) leave_with_bases("learning-rates", cells, bases);
    const auto rates = search_rates(cells, options, bases, progress, options.start);
    print_out(
        "{}\n{} is what experiments/harness/learning_rates.json holds once it is copied there.\n",
        table(rates), (options.out / "learning-rates" / "learning_rates.json").string());
  } catch (const PartDone& done) {
    progress.message(done.text);
  }
  return 0;
}

}  // namespace

Command learning_rates_command() {
  Command command("learning-rates", "search the learning rates that the experiments use");
  auto given = std::make_shared<StudyTexts>();
  given->preset = "full";
  command.option("--preset", given->preset, "smoke (its rates mean nothing) or full");
  command.option("--tasks", given->tasks, task_list_help());
  command.option("--jobs", given->jobs, "runs at a time (default: the cores)");
  command.option("--out", given->out, "results folder");
  command.flag("--fresh", given->fresh, "search again what was searched");
  add_part_options(command, *given);
  command.action([given](const Command&) { return search(*given); });
  return command;
}

}  // namespace experiments
