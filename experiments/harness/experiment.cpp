#include "experiments/harness/experiment.h"

#include <fmt/format.h>

#include "experiments/evidence/findings_file.h"
#include "experiments/harness/output.h"

namespace experiments {

std::map<std::string, std::string> options_of_cells(const std::string& why) {
  std::map<std::string, std::string> without;
  for (const char* option :
       {"--tasks", "--seeds", "--base-seed", "--facts", "--jobs", "--shard", "--only-base"})
    without[option] = why;
  return without;
}

std::string sweep_of(const Experiment& experiment) {
  return experiment.sweep.empty() ? experiment.name : experiment.sweep;
}

std::string sweep_of(const std::vector<Experiment>& experiments, const std::string& name) {
  for (const Experiment& experiment : experiments)
    if (experiment.name == name) return sweep_of(experiment);
  return name;
}

std::filesystem::path findings_path(const StudyOptions& options, const std::string& name) {
  return options.out / name / "findings.json";
}

// A part of the cells is judged by nobody.
static std::vector<Finding> run_part(const Experiment& experiment, const StudyOptions& options,
                                     Bases& bases, Progress& progress) {
  try {
    experiment.run(options, bases, progress);
    throw std::logic_error(fmt::format("{} did not stop at its part", experiment.name));
  } catch (const PartDone& done) {
    progress.message(done.text);
  }
  return {};
}

std::vector<Finding> run_experiment(const Experiment& experiment, const StudyOptions& options,
                                    Bases& bases, Progress& progress) {
  const std::filesystem::path path = findings_path(options, experiment.name);
  // A run that starts over and is stopped must not leave another run's findings to be judged. Where
  // the cells are in the same folder, ResultsFolder removes them once it may write there.
  std::error_code ignored;
  if (options.start == ResultsFolder::Start::fresh && sweep_of(experiment) != experiment.name)
    std::filesystem::remove(path, ignored);
  if (options.is_part()) return run_part(experiment, options, bases, progress);
  if (options.preset == "smoke") print_out("{}\n\n", hardly_trained);
  std::vector<Finding> findings = experiment.run(options, bases, progress);
  write_findings(path, findings);
  return findings;
}

}  // namespace experiments
