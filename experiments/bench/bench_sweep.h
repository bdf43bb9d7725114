#pragma once

#include <vector>

#include "experiments/harness/experiment.h"

namespace experiments::bench {

/// The same cells swept twice: one at a time, and `jobs` at a time.
struct SweepPair {
  double one, many;  ///< cells per minute
  double ratio() const { return many / one; }
};

struct SweepBench {
  Settings grid = settings_of(Preset::smoke);
  int jobs = 2;
  int pairs = 3;
};

struct SweepTiming {
  int cells = 0;  ///< in each sweep
  std::vector<SweepPair> pairs;
};

/// Sweeps the cells that table6 has at the preset smoke, from a base that is made first, into a
/// temporary folder that is removed again. Every second pair begins with the many. Progress goes to
/// standard error. Throws Stopped after SIGINT and SIGTERM, nn::FileError where there is no room
/// for the folder.
SweepTiming time_sweeps(SweepBench bench);

}  // namespace experiments::bench
