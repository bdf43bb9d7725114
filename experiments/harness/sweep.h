#pragma once

#include <atomic>
#include <cstddef>
#include <functional>
#include <stdexcept>
#include <string>
#include <vector>

#include "experiments/harness/progress.h"
#include "experiments/harness/results.h"

namespace experiments::harness {

/// Trains and measures one cell. Called from several threads at a time, so it shares nothing that
/// it changes, and its numbers depend on the cell alone. A long run may look at `stop` between
/// steps and leave with Stopped (stopped.h) once it is set. The sweep measures `seconds` itself.
using RunCell = std::function<CellResult(const Cell&, const std::atomic<bool>& stop)>;

/// Cells that threw; the message names the first by its key, with its reason, and counts the rest.
struct CellsFailed : std::runtime_error {
  using std::runtime_error::runtime_error;
};

struct SweepOptions {
  int jobs = 1;  ///< cells at a time, at least 1; each computes on one thread
  /// Expected seconds of a cell. Used to start the longest first and to weigh the estimate of the
  /// remaining time, which then follows the times measured.
  std::function<double(const Cell&)> expected_seconds = [](const Cell&) { return 1.0; };
  /// By how much they are too short here; asked where the folder has no times to correct them.
  std::function<double()> slowness = [] { return 1.0; };
  std::size_t bytes_per_cell = 0;  ///< expected peak of one cell, 0 if unknown
  std::string continue_with;       ///< the command that continues, for what Stopped says
};

/// The cells that the folder lacks.
std::vector<Cell> missing_cells(std::vector<Cell> cells, const ResultsFolder& folder);

/// What a sweep is about to do: "48 cells, 12 of them there already; 36 to compute, 2 at a time:
/// about 3 min 5 s, 240 MB". Times measured in the folder correct the expected ones.
std::string plan_text(const std::vector<Cell>& cells, const SweepOptions& options,
                      const ResultsFolder& folder);

/// Computes the cells the folder lacks, `jobs` at a time, longest first, and appends each as it
/// finishes. A cell listed twice is run once. Prints the plan first and the progress while it runs.
///
/// A cell that throws does not stop the others; at the end CellsFailed is thrown. SIGINT and
/// SIGTERM stop it: what is finished is kept, running cells are asked to leave, and Stopped is
/// thrown. A second signal ends the process at once, which loses no finished cell either. A folder
/// that cannot be written (ResultsError) stops it too and is rethrown. Throws std::invalid_argument
/// for jobs < 1.
void run_sweep(const std::vector<Cell>& cells, const SweepOptions& options, const RunCell& run_cell,
               ResultsFolder& folder, Progress& progress);

}  // namespace experiments::harness
