#include "experiments/cli/experiment_command.h"

#include <fmt/format.h>

#include <memory>

#include "experiments/harness/output.h"
#include "experiments/harness/plan.h"
#include "experiments/harness/worker_threads.h"

namespace experiments::cli {

void add_settings_options(Command& command, SettingsOptions& given) {
  command.option("--preset", named<Preset>(given.preset, parse_preset, to_string(given.preset)),
                 "smoke (a minute; its numbers mean nothing), quick or full");
  add_tasks_option(command, given.tasks);
  command.option("--seeds", whole(given.seeds, 1, 100),
                 "repetitions of every cell on each base (default: 2)");
  command.option("--base-seed", seed_value(given.base_seed),
                 "names the pre-trained base, in place of 4 (full: 5)");
  add_facts_option(command, given.facts);
  add_run_options(command, given);
}

void add_run_options(Command& command, SettingsOptions& given, const std::string& what,
                     const std::string& fresh) {
  add_jobs_option(command, given.jobs, what);
  command.option("--out", path_value(given.out), "results folder");
  command.flag("--fresh", given.fresh, fresh);
  Value shard = named<std::optional<Shard>>(given.shard, parse_shard);
  shard.kind = "K/N";
  command.option("--shard", shard, "run part K of N and print nothing of it, as 3/8");
  command.flag("--only-base", given.only_base, "make what all shards need, and nothing else");
}

static void apply_part(const SettingsOptions& given, Settings& settings) {
  if (!given.shard && !given.only_base) return;
  const char* part = given.only_base ? "--only-base" : "--shard";
  if (given.fresh)
    throw UsageError(fmt::format("--fresh has no effect with {}: start over without it", part));
  if (given.only_base && given.shard)
    throw UsageError("--shard has no effect with --only-base: it comes before all shards");
  settings.only_base = given.only_base;
  if (given.shard) settings.dealer = std::make_shared<Dealer>(*given.shard);
}

Settings settings_from(const SettingsOptions& given) {
  Settings settings = settings_of(given.preset);
  if (!given.tasks.empty()) settings.tasks = given.tasks;
  if (given.facts && !any_has_facts(settings.tasks))
    throw UsageError("--facts has no effect without the task sqlgen");
  settings.seeds = given.seeds.value_or(settings.seeds);
  settings.seeds_given = given.seeds.has_value();
  if (given.base_seed) settings.base_seeds = {*given.base_seed};
  settings.facts = given.facts.value_or(settings.facts);
  settings.ranks = given.ranks;
  settings.targets = given.targets;
  settings.jobs = given.jobs.value_or(default_jobs());
  settings.out = given.out;
  settings.start = given.fresh ? Start::fresh : Start::resume;
  apply_part(given, settings);
  return settings;
}

int run_experiment(const Experiment& experiment, const Settings& settings) {
  Progress progress;
  Lab lab(settings_for(experiment, settings), progress);
  if (settings.preset == Preset::full && !settings.is_part())
    progress.message(plan_text(plan({experiment}, settings), settings.jobs));
  try {
    Report report = run(experiment, lab);
    print_out("{}", report_text(report, columns_of_output()));
    std::erase_if(report.findings, [](const Finding& finding) { return !finding.in_summary; });
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

// Each time it is given there is another set.
static Value weight_sets(std::vector<std::vector<std::string>>& sets) {
  return {"LIST", [&sets](const std::string& option, const std::string& text) {
            targets_value(sets.emplace_back()).read(option, text);
          }};
}

Command experiment_command(const Experiment& experiment) {
  Command command(experiment.name, experiment.question);
  auto given = std::make_shared<SettingsOptions>();
  add_settings_options(command, *given);
  for (const auto& [option, why] : experiment.without) command.refuse(option, why);
  if (experiment.listens.contains("--ranks"))
    command.option("--ranks", whole_list(given->ranks, 1, largest_rank), "ranks r, as 1,2,4");
  if (experiment.listens.contains("--targets"))
    command.options("--targets", weight_sets(given->targets),
                    "a weight set, as q,v; each value that follows is another set");
  command.action([given, experiment](const Command&) {
    if (experiment.one_task && given->tasks.size() > 1)
      throw UsageError(fmt::format("--tasks '{}': {} runs on one task", tasks_text(given->tasks),
                                   experiment.name));
    return run_experiment(experiment, settings_from(*given));
  });
  return command;
}

}  // namespace experiments::cli
