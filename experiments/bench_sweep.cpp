#include "experiments/bench_sweep.h"

#include <stdlib.h>

#include <cerrno>
#include <chrono>
#include <cstring>
#include <filesystem>

#include "nn/file.h"

namespace experiments {

namespace {

namespace fs = std::filesystem;

class TemporaryFolder {
 public:
  TemporaryFolder() {
    std::string name = (fs::temp_directory_path() / "lowrank-bench-XXXXXX").string();
    if (::mkdtemp(name.data()) == nullptr)
      throw nn::FileError("cannot create " + name + ": " + std::strerror(errno));
    path = name;
  }
  ~TemporaryFolder() {
    std::error_code ignored;
    fs::remove_all(path, ignored);
  }
  TemporaryFolder(const TemporaryFolder&) = delete;
  TemporaryFolder& operator=(const TemporaryFolder&) = delete;

  fs::path path;
};

}  // namespace

SweepTiming time_sweeps(SweepBench bench) {
  const TemporaryFolder folder;
  Progress progress;
  Bases bases(folder.path / "base", bench.grid.base_steps);
  std::vector<Cell> cells = table6_cells(bench.grid);
  set_learning_rates(cells, bench.grid, bases, progress);
  for (const Cell& cell : cells) bases.prepare(cell);

  const auto cells_per_minute = [&](int jobs) {
    StudyOptions options = bench.grid;
    options.jobs = jobs;
    options.out = folder.path / "sweep";
    options.start = ResultsFolder::Start::fresh;
    const auto start = std::chrono::steady_clock::now();
    if (!run_study({"bench", cells}, options, bases, progress))
      throw Stopped("stopped; a benchmark keeps nothing");
    const std::chrono::duration<double> seconds = std::chrono::steady_clock::now() - start;
    return 60 * static_cast<double>(cells.size()) / seconds.count();
  };
  SweepTiming timing{static_cast<int>(cells.size()), {}};
  for (int i = 0; i < bench.pairs; ++i) {
    SweepPair pair{};
    if (i % 2 == 1) pair.many = cells_per_minute(bench.jobs);
    pair.one = cells_per_minute(1);
    if (i % 2 == 0) pair.many = cells_per_minute(bench.jobs);
    timing.pairs.push_back(pair);
  }
  return timing;
}

}  // namespace experiments
