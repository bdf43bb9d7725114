#include "experiments/report/paper_part.h"

#include <fmt/format.h>

#include "experiments/training/stopped.h"

namespace experiments::report {

namespace {

// Whether it runs a sweep with these settings; what is measured is left to the command without
// shards.
bool has_sweep(const Experiment& experiment, const Settings& settings) {
  return experiment.cells && !settings.tasks.empty() && !experiment.cells(settings).empty();
}

}  // namespace

int run_part_of_paper(const Settings& settings, const std::vector<Experiment>& experiments) {
  Progress progress;
  Lab lab(settings, progress);
  int failed = 0;
  for (const Experiment& experiment : experiments) {
    lab.settings = settings_for(experiment, settings);
    if (!has_sweep(experiment, lab.settings)) continue;
    try {
      run(experiment, lab);
    } catch (const PartDone& done) {
      progress.message(done.text);
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

}  // namespace experiments::report
