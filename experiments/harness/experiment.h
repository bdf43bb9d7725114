#pragma once

#include <functional>
#include <string>
#include <vector>

#include "experiments/harness/study.h"

namespace experiments {

/// One experiment, of the paper or beyond it, as its command and `lowrank paper` run it.
struct Experiment {
  std::string name;  ///< of the command and of the folder in OUT
  std::string help;  ///< what it answers, in one line

  /// The cells it would run, without their learning rates: for the plan, and for the search of the
  /// learning rates. Nothing where it is no sweep.
  std::function<std::vector<Cell>(const StudyOptions&)> cells;

  /// Runs what its folder lacks, prints its table, and writes OUT/name/name.md and name.csv.
  std::function<std::vector<Finding>(const StudyOptions&, Bases&, Progress&)> run;

  /// The seconds expected for what is not in cells; nothing where that is little.
  std::function<double(const StudyOptions&)> seconds = {};

  std::string sweep = {};  ///< the folder of its cells, where it shares that with others

  /// The options of the experiments (study_command.h) that would say nothing here, each with the
  /// reason: its command refuses them.
  std::map<std::string, std::string> without = {};
  /// The steps of its bases, where these are not options.base_steps.
  std::function<long(const StudyOptions&)> base_steps = {};
  /// For the plan, as run_study does it: one that looks at its models takes no cells that others
  /// have trained; one that trains in another way takes none and gives none.
  bool looks = false, is_apart = false;
  bool one_task = false;  ///< it runs on the first of the tasks, and its --tasks may name only one
};

/// Runs it and keeps what it found in OUT/name/findings.json, for the report. Where only a part is
/// run (options.is_part) nothing is found.
std::vector<Finding> run_experiment(const Experiment& experiment, const StudyOptions& options,
                                    Bases& bases, Progress& progress);

/// Experiment::without where there are no cells, for the reason `why`.
std::map<std::string, std::string> options_of_cells(const std::string& why);

/// The folder of its cells.
std::string sweep_of(const Experiment& experiment);

/// The same for the experiment of this name; one that is none of them has its own.
std::string sweep_of(const std::vector<Experiment>& experiments, const std::string& name);

/// OUT/name/findings.json.
std::filesystem::path findings_path(const StudyOptions& options, const std::string& name);

}  // namespace experiments
