#include "experiments/harness/sweep.h"

#include <fmt/format.h>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <future>
#include <mutex>
#include <set>
#include <utility>

#include "experiments/harness/signals.h"
#include "experiments/harness/worker_threads.h"
#include "experiments/training/stopped.h"

namespace experiments::harness {
namespace {

struct Job {
  Cell cell;
  double cost;
};

/// The cells the folder lacks, each once, the longest first.
std::vector<Job> missing_jobs(const std::vector<Cell>& cells, const SweepOptions& options,
                              const ResultsFolder& folder) {
  std::vector<Job> jobs;
  std::set<std::string> seen;
  for (const Cell& cell : cells) {
    check_cell(cell);
    if (folder.contains(cell) || !seen.insert(cell.key()).second) continue;
    jobs.push_back({cell, options.expected_seconds(cell)});
  }
  std::stable_sort(jobs.begin(), jobs.end(),
                   [](const Job& a, const Job& b) { return a.cost > b.cost; });
  return jobs;
}

int distinct_count(const std::vector<Cell>& cells) {
  std::set<std::string> keys;
  for (const Cell& cell : cells) keys.insert(cell.key());
  return static_cast<int>(keys.size());
}

/// Runs the jobs beside this thread. What the worker threads share, all but the stop flag, is read
/// and written under the mutex.
class Workers {
 public:
  Workers(std::vector<Job> jobs, int at_a_time, const RunCell& run_cell, ResultsFolder& folder,
          const SweepState& state)
      : jobs_(std::move(jobs)), run_cell_(run_cell), folder_(folder), state_(state) {
    for (const Job& job : jobs_) state_.cost_left += job.cost;
    all_ = std::async(std::launch::async, [this, at_a_time] {
      side_by_side(jobs_.size(), at_a_time, [this](std::size_t i) {
        if (!stop_) run(jobs_[i]);
      });
    });
  }
  ~Workers() { stop(); }  // and waits for them
  Workers(const Workers&) = delete;
  Workers& operator=(const Workers&) = delete;

  void stop() { stop_ = true; }

  /// Waits until all have ended, or for a fifth of a second; true at the end.
  bool wait() { return all_.wait_for(std::chrono::milliseconds(200)) == std::future_status::ready; }

  SweepState state() const {
    const std::lock_guard guard(mutex_);
    return state_;
  }
  std::vector<std::string> new_failures() {
    const std::lock_guard guard(mutex_);
    return std::exchange(new_failures_, {});
  }
  /// After the end: rethrows what kept the folder from being written.
  void rethrow_folder_error() { all_.get(); }

 private:
  void run(const Job& job) {
    const auto start = std::chrono::steady_clock::now();
    std::string failure;
    try {
      CellResult result = run_cell_(job.cell, stop_);
      const std::chrono::duration<double> took = std::chrono::steady_clock::now() - start;
      result.seconds = took.count();
      if (result.cell.key() != job.cell.key()) {
        throw std::logic_error("returned the result of cell " + result.cell.key());
      }
      folder_.append(result);
      const std::lock_guard guard(mutex_);
      ++state_.done;
      state_.cost_done += job.cost;
      state_.seconds_done += took.count();
    } catch (const Stopped&) {
      return;
    } catch (const ResultsError&) {
      stop_ = true;
      throw;
    } catch (const std::exception& error) {
      failure = fmt::format("cell {} failed: {}", job.cell.key(), error.what());
    }
    const std::lock_guard guard(mutex_);
    state_.cost_left -= job.cost;
    if (!failure.empty()) new_failures_.push_back(failure);
  }

  const std::vector<Job> jobs_;
  const RunCell& run_cell_;
  ResultsFolder& folder_;
  std::atomic<bool> stop_ = false;
  mutable std::mutex mutex_;
  SweepState state_;
  std::vector<std::string> new_failures_;
  std::future<void> all_;
};

/// Measured seconds over expected seconds of the cells in the folder; if there are none, what the
/// options say.
double measured_over_expected(const std::vector<Cell>& cells, const SweepOptions& options,
                              const ResultsFolder& folder) {
  std::set<std::string> keys;
  for (const Cell& cell : cells) keys.insert(cell.key());
  double measured = 0, expected = 0;
  for (const CellResult& result : folder.results()) {
    if (!keys.contains(result.cell.key())) continue;
    measured += result.seconds;
    expected += options.expected_seconds(result.cell);
  }
  return measured > 0 && expected > 0 ? measured / expected : options.slowness();
}

}  // namespace

std::vector<Cell> missing_cells(std::vector<Cell> cells, const ResultsFolder& folder) {
  std::erase_if(cells, [&](const Cell& cell) { return folder.contains(cell); });
  return cells;
}

std::string plan_text(const std::vector<Cell>& cells, const SweepOptions& options,
                      const ResultsFolder& folder) {
  const std::vector<Job> jobs = missing_jobs(cells, options, folder);
  const int total = distinct_count(cells), missing = static_cast<int>(jobs.size());
  std::string text = fmt::format("{} cells", total);
  if (missing < total) text += fmt::format(", {} of them there already", total - missing);
  if (missing == 0) return text + "; nothing to compute";
  double cost = 0;
  for (const Job& job : jobs) cost += job.cost;
  const int at_a_time = std::min(options.jobs, missing);
  // No schedule is shorter than its longest cell.
  const double seconds = std::max(cost / at_a_time, jobs.front().cost) *
                         measured_over_expected(cells, options, folder);
  text += fmt::format("; {} to compute, {} at a time: about {}", missing, at_a_time,
                      duration_text(seconds));
  if (options.bytes_per_cell > 0) {
    const double bytes = static_cast<double>(options.bytes_per_cell) * at_a_time;
    text += fmt::format(", {:.0f} MB", std::max(1.0, bytes / 1e6));
  }
  return text;
}

void run_sweep(const std::vector<Cell>& cells, const SweepOptions& options, const RunCell& run_cell,
               ResultsFolder& folder, Progress& progress) {
  if (options.jobs < 1) {
    throw std::invalid_argument(fmt::format("jobs must be at least 1, not {}", options.jobs));
  }
  progress.message(plan_text(cells, options, folder));
  std::vector<Job> jobs = missing_jobs(cells, options, folder);
  const int total = distinct_count(cells), missing = static_cast<int>(jobs.size());
  if (missing == 0) return;
  if (folder.is_read_only())
    throw ResultsError(fmt::format("{} cannot be written; copy it, or choose another --out",
                                   folder.path().string()));

  const auto start = std::chrono::steady_clock::now();
  SweepState initial;
  initial.done = total - missing;
  initial.total = total;
  initial.jobs = std::min(options.jobs, missing);
  const auto state_now = [&](const Workers& workers) {
    SweepState state = workers.state();
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    state.elapsed = elapsed.count();
    return state;
  };
  std::vector<std::string> failures;
  bool stopping = false;
  const SignalWatch watch;
  Workers workers(std::move(jobs), options.jobs, run_cell, folder, initial);
  for (bool ended = false; !ended;) {
    ended = workers.wait();
    if (!stopping && watch.received() != 0) {
      stopping = true;
      workers.stop();
      progress.message("stopping; finished cells are kept");
    }
    for (const std::string& failure : workers.new_failures()) {
      progress.message(failure);
      failures.push_back(failure);
    }
    if (!ended) progress.show(state_now(workers));
  }
  progress.finish(state_now(workers));
  workers.rethrow_folder_error();
  folder.unite();
  if (stopping)
    throw Stopped(fmt::format(
        "stopped with {} of {} cells finished{}", workers.state().done, total,
        options.continue_with.empty() ? "" : "; continue with: " + options.continue_with));
  if (!failures.empty()) {
    throw CellsFailed(failures.size() == 1
                          ? failures.front()
                          : fmt::format("{} (and {} more)", failures.front(), failures.size() - 1));
  }
}

}  // namespace experiments::harness
