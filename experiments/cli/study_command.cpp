#include "experiments/cli/study_command.h"

#include <fmt/format.h>

#include <algorithm>
#include <memory>

#include "experiments/cli/option_values.h"
#include "experiments/harness/output.h"
#include "experiments/harness/worker_threads.h"

namespace experiments {

void add_study_options(Command& command, StudyTexts& given,
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

void add_part_options(Command& command, StudyTexts& given) {
  command.option("--shard", given.shard, "run part K of N and print nothing of it, as 3/8");
  command.flag("--only-base", given.only_base, "make what all shards need, and nothing else");
}

static void apply_part(const StudyTexts& given, StudyOptions& options) {
  if (given.shard.empty() && !given.only_base) return;
  const char* part = given.only_base ? "--only-base" : "--shard";
  if (given.fresh)
    throw UsageError(fmt::format("--fresh has no effect with {}: start over without it", part));
  if (given.only_base && !given.shard.empty())
    throw UsageError("--shard has no effect with --only-base: it comes before all shards");
  options.only_base = given.only_base;
  if (!given.shard.empty()) options.dealer = std::make_shared<Dealer>(parse_shard(given.shard));
}

void apply(const StudyTexts& given, StudyOptions& options) {
  if (!given.tasks.empty()) options.tasks = parse_tasks(given.tasks);
  if (!given.seeds.empty())
    options.seeds = static_cast<int>(parse_integer("--seeds", given.seeds, 1, 100));
  options.seeds_given = !given.seeds.empty();
  if (!given.base_seed.empty())
    options.base_seeds = {
        static_cast<std::uint64_t>(parse_integer("--base-seed", given.base_seed, 0, largest_seed))};
  if (!given.facts.empty()) {
    if (!any_has_facts(options.tasks))
      throw UsageError("--facts has no effect without the task sqlgen");
    options.facts = static_cast<int>(parse_integer("--facts", given.facts, 2, 32));
  }
  options.jobs = given.jobs.empty()
                     ? default_jobs()
                     : static_cast<int>(parse_integer("--jobs", given.jobs, 1, most_jobs));
  options.out = given.out;
  options.start = given.fresh ? ResultsFolder::Start::fresh : ResultsFolder::Start::resume;
  apply_part(given, options);
}

void say_where(Progress& progress, const StudyOptions& options, const std::string& name) {
  const std::filesystem::path folder = options.out / name;
  progress.message(fmt::format("the table is in {}, its data in {}.csv",
                               (folder / (name + ".md")).string(), name));
}

Command experiment_command(const Experiment& experiment) {
  Command command(experiment.name, experiment.help);
  auto given = std::make_shared<StudyTexts>();
  add_study_options(command, *given, experiment.without);
  command.action([given, experiment](const Command&) {
    StudyOptions options = study_preset(given->preset);
    apply(*given, options);
    if (experiment.one_task && !given->tasks.empty() && options.tasks.size() > 1)
      throw UsageError(
          fmt::format("--tasks '{}': {} runs on one task", given->tasks, experiment.name));
    Progress progress;
    Bases bases(options.out / "base", options.base_steps);
    std::vector<Finding> findings = run_experiment(experiment, options, bases, progress);
    if (options.is_part()) return 0;
    say_where(progress, options, experiment.name);
    judge(findings);
    print_out("{}", findings_text(findings));
    return 0;
  });
  return command;
}

}  // namespace experiments
