#include "experiments/cli/experiment_command.h"

#include <fmt/format.h>

#include <memory>

#include "data/sqlgen.h"
#include "experiments/cli/option_values.h"
#include "experiments/harness/output.h"
#include "experiments/harness/worker_threads.h"

namespace experiments::cli {

void add_settings_options(Command& command, SettingsTexts& given,
                          const std::map<std::string, std::string>& without) {
  const auto refused = [&](const std::string& name) {
    const auto why = without.find(name);
    if (why != without.end()) command.refuse(name, why->second);
    return why != without.end();
  };
  const auto option = [&](const std::string& name, std::string& value, const std::string& help) {
    if (!refused(name)) command.option(name, value, help);
  };
  option("--preset", given.preset, "smoke (a minute; its numbers mean nothing), quick or full");
  option("--tasks", given.tasks, task_list_help());
  option("--seeds", given.seeds, "repetitions of every cell");
  option("--base-seed", given.base_seed, "names the pre-trained base");
  option("--facts", given.facts, "sqlgen: how many meanings change, 2 to 32");
  option("--jobs", given.jobs, "cells at a time (default: the cores)");
  option("--out", given.out, "results folder");
  if (!refused("--fresh"))
    command.flag("--fresh", given.fresh, "start over in a folder that has results");
  const bool without_shards = refused("--shard"), without_base = refused("--only-base");
  if (!without_shards && !without_base) add_part_options(command, given);
}

void add_part_options(Command& command, SettingsTexts& given) {
  command.option("--shard", given.shard, "run part K of N and print nothing of it, as 3/8");
  command.flag("--only-base", given.only_base, "make what all shards need, and nothing else");
}

static void apply_part(const SettingsTexts& given, Settings& settings) {
  if (given.shard.empty() && !given.only_base) return;
  const char* part = given.only_base ? "--only-base" : "--shard";
  if (given.fresh)
    throw UsageError(fmt::format("--fresh has no effect with {}: start over without it", part));
  if (given.only_base && !given.shard.empty())
    throw UsageError("--shard has no effect with --only-base: it comes before all shards");
  settings.only_base = given.only_base;
  if (!given.shard.empty()) settings.dealer = std::make_shared<Dealer>(parse_shard(given.shard));
}

Settings settings_from(const SettingsTexts& given) {
  Settings settings = settings_of(parse_preset(given.preset));
  if (!given.tasks.empty()) settings.tasks = parse_tasks(given.tasks);
  if (!given.seeds.empty())
    settings.seeds = static_cast<int>(parse_integer("--seeds", given.seeds, 1, 100));
  settings.seeds_given = !given.seeds.empty();
  if (!given.base_seed.empty())
    settings.base_seeds = {
        static_cast<std::uint64_t>(parse_integer("--base-seed", given.base_seed, 0, largest_seed))};
  if (!given.facts.empty()) {
    if (!any_has_facts(settings.tasks))
      throw UsageError("--facts has no effect without the task sqlgen");
    settings.facts =
        static_cast<int>(parse_integer("--facts", given.facts, data::min_facts, data::alias_count));
  }
  if (!given.ranks.empty())
    settings.ranks = parse_integers("--ranks", given.ranks, 1, largest_rank);
  for (const std::string& text : given.targets) settings.targets.push_back(parse_targets(text));
  settings.jobs = given.jobs.empty()
                      ? default_jobs()
                      : static_cast<int>(parse_integer("--jobs", given.jobs, 1, most_jobs));
  settings.out = given.out;
  settings.start = given.fresh ? Start::fresh : Start::resume;
  apply_part(given, settings);
  return settings;
}

int run_experiment(const Experiment& experiment, const Settings& settings) {
  Progress progress;
  Lab lab(settings_for(experiment, settings), progress);
  try {
    Report report = run(experiment, lab);
    print_out("{}", report_text(report, columns_of_output()));
    std::erase_if(report.findings, [](const Finding& finding) { return !finding.in_family; });
    judge(report.findings);
    print_out("{}", findings_text(report.findings, columns_of_output()));
  } catch (const PartDone& done) {
    progress.message(done.text);
    return 0;
  }
  progress.message(fmt::format(
      "the table is in {}, its data in {}.csv",
      (settings.out / experiment.name / (experiment.name + ".md")).string(), experiment.name));
  return 0;
}

Command experiment_command(const Experiment& experiment) {
  Command command(experiment.name, experiment.question);
  auto given = std::make_shared<SettingsTexts>();
  add_settings_options(command, *given, experiment.without);
  if (experiment.listens.contains("--ranks"))
    command.option("--ranks", given->ranks, "ranks r, as 1,2,4");
  if (experiment.listens.contains("--targets"))
    command.options("--targets", given->targets,
                    "a weight set, as q,v; each value that follows is another set");
  command.action([given, experiment](const Command&) {
    const Settings settings = settings_from(*given);
    if (experiment.one_task && !given->tasks.empty() && settings.tasks.size() > 1)
      throw UsageError(
          fmt::format("--tasks '{}': {} runs on one task", given->tasks, experiment.name));
    return run_experiment(experiment, settings);
  });
  return command;
}

}  // namespace experiments::cli
