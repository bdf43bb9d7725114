#include <fmt/format.h>

#include <algorithm>
#include <memory>
#include <thread>

#include "experiments/commands.h"
#include "experiments/option_values.h"
#include "experiments/table6.h"

namespace experiments {

namespace {

struct Options {
  std::string preset = "quick", tasks, seeds, ranks, base_seed, facts, jobs, out = "results";
  std::vector<std::string> targets;
  bool fresh = false;
};

Table6Options parsed(const Options& given) {
  Table6Options options = table6_preset(given.preset);
  if (!given.tasks.empty()) options.tasks = parse_tasks(given.tasks);
  if (!given.seeds.empty())
    options.seeds = static_cast<int>(parse_integer("--seeds", given.seeds, 1, 100));
  if (!given.ranks.empty()) options.ranks = parse_integers("--ranks", given.ranks, 1, largest_rank);
  if (!given.targets.empty()) {
    options.targets.clear();
    for (const std::string& text : given.targets) options.targets.push_back(parse_targets(text));
  }
  if (!given.base_seed.empty())
    options.base_seeds = {
        static_cast<std::uint64_t>(parse_integer("--base-seed", given.base_seed, 0, largest_seed))};
  if (!given.facts.empty()) {
    const auto& tasks = options.tasks;
    if (std::find(tasks.begin(), tasks.end(), data::Task::sqlgen) == tasks.end())
      throw UsageError("--facts has no effect without the task sqlgen");
    options.facts = static_cast<int>(parse_integer("--facts", given.facts, 2, 32));
  }
  const long cores = std::max(1u, std::thread::hardware_concurrency());
  options.jobs =
      static_cast<int>(given.jobs.empty() ? cores : parse_integer("--jobs", given.jobs, 1, 1024));
  options.out = given.out;
  options.start = given.fresh ? ResultsFolder::Start::fresh : ResultsFolder::Start::resume;
  return options;
}

}  // namespace

Command table6_command() {
  Command command("table6", "the paper's Table 6 on the toy tasks: rank against adapted weights");
  auto given = std::make_shared<Options>();
  command.option("--preset", given->preset, "smoke (a minute), quick or full");
  command.option("--tasks", given->tasks, "sqlgen, nli, reorder, separated by commas, or all");
  command.option("--seeds", given->seeds, "repetitions of every cell");
  command.option("--ranks", given->ranks, "ranks r, as 1,2,4");
  command.options("--targets", given->targets, "a weight set, as q,v; may be given again");
  command.option("--base-seed", given->base_seed, "names the pre-trained base");
  command.option("--facts", given->facts, "sqlgen: how many meanings change, 2 to 32");
  command.option("--jobs", given->jobs, "cells at a time (default: the cores)");
  command.option("--out", given->out, "results folder");
  command.flag("--fresh", given->fresh, "start over in a folder that has results");
  command.action([given](const Command&) { return run_table6(parsed(*given)); });
  return command;
}

}  // namespace experiments
