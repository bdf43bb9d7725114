#pragma once

#include <vector>

#include "experiments/harness/experiment.h"

namespace experiments::bench {

/// The same cells swept twice: one at a time, and `jobs` at a time.
struct SweepPair {
  double one, many;  ///< cells per minute
  double ratio() const { return many / one; }
};

/// Cells that are short, and yet mostly training: a tenth of each task's steps.
Settings short_cells();

struct SweepBench {
  Settings grid = short_cells();
  int jobs = 2;
  int pairs = 3;
};

struct SweepTiming {
  int cells = 0;  ///< in each sweep
  std::vector<SweepPair> pairs;
};

/// Sweeps cells of table6, of all sizes, from a base that is made first, into a
/// temporary folder that is removed again. Every second pair begins with the many. Progress goes to
/// standard error. Throws Stopped after SIGINT and SIGTERM, nn::FileError where there is no room
/// for the folder.
SweepTiming time_sweeps(SweepBench bench);

}  // namespace experiments::bench
