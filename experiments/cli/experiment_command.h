#pragma once

#include "experiments/cli/option_values.h"
#include "experiments/harness/experiment.h"

namespace experiments::cli {

/// The options that all experiments share, and those of the ones that vary rank and weight set.
/// What is not given is the preset's.
struct SettingsOptions {
  Preset preset = Preset::quick;
  std::vector<data::Task> tasks = {};
  std::optional<int> seeds, facts, jobs;
  std::optional<std::uint64_t> base_seed;
  std::vector<int> ranks;
  std::vector<std::vector<std::string>> targets;
  std::filesystem::path out = "results";
  std::optional<Shard> shard;
  bool fresh = false, only_base = false;
};

/// Declares all but --ranks and --targets.
void add_settings_options(Command& command, SettingsOptions& given);

/// Declares --jobs, --out, --fresh, --shard and --only-base. `what` is run, as "cells", and `fresh`
/// is the help of --fresh.
void add_run_options(Command& command, SettingsOptions& given, const std::string& what = "cells",
                     const std::string& fresh = "start over in a folder that has results");

/// The preset with what was given. Throws UsageError for an option that has no effect beside the
/// others.
Settings settings_from(const SettingsOptions& given);

/// The command of an experiment: runs it, prints what it says, judges its findings as one family
/// and prints them.
Command experiment_command(const Experiment& experiment);

/// What that command does.
int run_experiment(const Experiment& experiment, const Settings& settings);

}  // namespace experiments::cli
