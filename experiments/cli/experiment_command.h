#pragma once

#include <map>
#include <string>

#include "experiments/cli/command_line.h"
#include "experiments/harness/experiment.h"

namespace experiments::cli {

/// The options that all experiments share, as texts, and those of the ones that vary rank and
/// weight set.
struct SettingsTexts {
  std::string preset = "quick", tasks, seeds, base_seed, facts, jobs, shard, out = "results", ranks;
  std::vector<std::string> targets;
  bool fresh = false, only_base = false;
};

/// Declares --preset, --tasks, --seeds, --base-seed, --facts, --jobs, --out and --fresh, and
/// refuses those in `without`, for the reason that stands there.
void add_settings_options(Command& command, SettingsTexts& given,
                          const std::map<std::string, std::string>& without = {});

/// Declares --shard and --only-base.
void add_part_options(Command& command, SettingsTexts& given);

/// The preset with what was given. Throws UsageError.
Settings settings_from(const SettingsTexts& given);

/// The command of an experiment: runs it, prints what it says, judges its findings as one family
/// and prints them.
Command experiment_command(const Experiment& experiment);

/// What that command does.
int run_experiment(const Experiment& experiment, const Settings& settings);

}  // namespace experiments::cli
