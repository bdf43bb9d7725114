#include "experiments/report/paper_part.h"

#include <fmt/format.h>

#include "experiments/training/stopped.h"

namespace experiments {

namespace {

// Whether it runs a sweep with these options; what is measured or run in another way is left to the
// command without shards.
bool has_sweep(const Experiment& experiment, const StudyOptions& options) {
  try {
    return experiment.cells && !experiment.cells(options).empty();
  } catch (const std::invalid_argument&) {  // as that one says of tasks that it needs
    return false;
  }
}

}  // namespace

int run_part_of_paper(const StudyOptions& options, const std::vector<Experiment>& experiments) {
  Progress progress;
  Bases bases(options.out / "base", options.base_steps);
  int failed = 0;
  for (const Experiment& experiment : experiments) {
    if (!has_sweep(experiment, options)) continue;
    try {
      run_experiment(experiment, options, bases, progress);
    } catch (const Stopped&) {
      throw;
    } catch (const NotReady&) {
      throw;
    } catch (const std::exception& error) {
      progress.message(fmt::format("{} failed: {}", experiment.name, error.what()));
      failed = 1;
    }
  }
  return failed;
}

}  // namespace experiments
