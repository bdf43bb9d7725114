#include <fmt/format.h>

#include <memory>

#include "experiments/cli/all_experiments.h"
#include "experiments/cli/commands.h"
#include "experiments/cli/experiment_command.h"
#include "experiments/harness/output.h"
#include "experiments/harness/plan.h"
#include "experiments/harness/search_rates.h"
#include "experiments/harness/shard_run.h"

namespace experiments::cli {

namespace {

// Of every experiment in both its grids: the record is for quick, full has some places more.
std::vector<Cell> searched_cells(const Settings& settings) {
  std::vector<Cell> searched;
  for (const Preset preset : {Preset::quick, Preset::full}) {
    Settings asked = settings_of(preset);
    asked.tasks = settings.tasks;
    for (const Cell& cell : cells_without_rate(all_experiments(), asked))
      searched.push_back(searched_cell(cell, settings));
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

Preset parse_search_preset(const std::string& name) {
  if (name != "smoke" && name != "full")
    throw UsageError(fmt::format("unknown preset '{}'; valid are smoke, full", name));
  return parse_preset(name);
}

int search(const SettingsOptions& given) {
  Progress progress;
  Lab lab(settings_from(given), progress);
  const std::vector<Cell> cells = searched_cells(lab.settings);
  try {
    if (lab.settings.only_base)
      leave_with_bases("learning-rates", cells, lab.bases, lab.settings.jobs);
    const auto rates = search_rates(cells, lab, lab.settings.start);
    print_out(
        "{}\n{} is what experiments/harness/learning_rates.json holds once it is copied there.\n",
        table(rates), (lab.settings.out / "learning-rates" / "learning_rates.json").string());
  } catch (const PartDone& done) {
    progress.message(done.text);
  }
  return 0;
}

}  // namespace

Command learning_rates_command() {
  Command command("learning-rates", "search the learning rates that the experiments use");
  auto given = std::make_shared<SettingsOptions>();
  given->preset = Preset::full;
  command.option("--preset", named<Preset>(given->preset, parse_search_preset, "full"),
                 "smoke (its rates mean nothing) or full");
  add_tasks_option(command, given->tasks);
  add_run_options(command, *given, "runs", "search again what was searched");
  command.action([given](const Command&) { return search(*given); });
  return command;
}

}  // namespace experiments::cli
