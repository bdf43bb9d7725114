#include "experiments/report/paper.h"

#include <fmt/format.h>

#include <chrono>
#include <nlohmann/json.hpp>
#include <set>

#include "experiments/harness/output.h"
#include "experiments/harness/plan.h"
#include "experiments/harness/run_card.h"
#include "experiments/report/figures.h"
#include "experiments/report/report.h"
#include "experiments/training/stopped.h"
#include "nn/files/file.h"

namespace experiments::report {

namespace {

using Clock = std::chrono::steady_clock;

double seconds_since(Clock::time_point start) {
  return std::chrono::duration<double>(Clock::now() - start).count();
}

// OUT/paper.json: what the report says about how it came to be.
struct Log {
  std::filesystem::path path;
  nlohmann::ordered_json stages = nlohmann::ordered_json::array();
  nlohmann::ordered_json head;

  void add(const std::string& name, double seconds, const std::string& problem) {
    stages.push_back({{"name", name}, {"seconds", seconds}, {"problem", problem}});
    nlohmann::ordered_json all = head;
    all["stages"] = stages;
    nn::write_file_atomically(path, all.dump(1) + "\n");
  }
};

Log log_of(const Settings& settings) {
  Log log;
  log.path = settings.out / "paper.json";
  log.head = {{"command", fmt::format("./run paper --preset {}", to_string(settings.preset))},
              {"started", utc_time()},
              {"machine", machine_facts(settings.jobs)}};
  return log;
}

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

int run_paper(const Settings& settings, const std::vector<Experiment>& experiments) {
  if (settings.is_part()) return run_part_of_paper(settings, experiments);
  require_gnuplot();
  Progress progress;
  const auto start = Clock::now();
  print_out("{}{}\n", plan_text(plan(experiments, settings), settings.jobs),
            undecidable_text(experiments, settings));
  flush_out();

  Lab lab(settings, progress);
  Log log = log_of(settings);
  std::vector<std::string> failures;
  std::set<std::string> begun;
  for (std::size_t i = 0; i < experiments.size(); ++i) {
    const Experiment& experiment = experiments[i];
    progress.message(fmt::format("[{}/{}] {}: {}", i + 1, experiments.size(), experiment.name,
                                 experiment.question));
    lab.settings = settings_for(experiment, settings);
    if (lab.settings.tasks.empty()) {
      progress.message(fmt::format("{} runs on none of these tasks", experiment.name));
      continue;
    }
    // A sweep that several share is started over by the first of them only.
    if (!begun.insert(sweep_of(experiment)).second) lab.settings.start = Start::resume;
    const auto stage_start = Clock::now();
    std::string problem;
    try {
      print_out("{}\n", report_text(run(experiment, lab), columns_of_output()));
    } catch (const Stopped&) {
      throw;
    } catch (const std::exception& error) {
      problem = error.what();
      failures.push_back(fmt::format("{} failed: {}", experiment.name, problem));
      progress.message(failures.back());
    }
    log.add(experiment.name, seconds_since(stage_start), problem);
    flush_out();
  }

  print_out("{}", write_report(settings.out, experiments));
  flush_out();
  progress.message(fmt::format("the paper took {}", duration_text(seconds_since(start))));
  for (const std::string& failure : failures) progress.message(failure);
  return failures.empty() ? 0 : 1;
}

}  // namespace experiments::report
