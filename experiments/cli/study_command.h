#pragma once

#include <string>

#include "experiments/cli/command_line.h"
#include "experiments/harness/experiment.h"

namespace experiments {

/// The options that all experiments share, as texts.
struct StudyTexts {
  std::string preset = "quick", tasks, seeds, base_seed, facts, jobs, shard, out = "results";
  bool fresh = false, only_base = false;
};

/// Declares --preset, --tasks, --seeds, --base-seed, --facts, --jobs, --out, --fresh and those of
/// add_part_options, and refuses those in `without`, for the reason that stands there.
void add_study_options(Command& command, StudyTexts& given,
                       const std::map<std::string, std::string>& without = {});

/// Declares --shard and --only-base.
void add_part_options(Command& command, StudyTexts& given);

/// Sets what was given in `options`, which are the preset's. Throws UsageError.
void apply(const StudyTexts& given, StudyOptions& options);

/// Says on standard error where the results of an experiment are.
void say_where(Progress& progress, const StudyOptions& options, const std::string& name);

/// The command of an experiment: runs it, judges its findings as one family and prints them.
Command experiment_command(const Experiment& experiment);

}  // namespace experiments
