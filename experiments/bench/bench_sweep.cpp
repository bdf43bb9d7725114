#include "experiments/bench/bench_sweep.h"

#include <chrono>

#include "nn/files/file.h"

namespace experiments::bench {

Settings short_cells() {
  Settings settings = settings_of(Preset::smoke);
  settings.base_steps = 600;
  settings.steps_factor = 0.1;
  return settings;
}

// Long cells and short ones, as a sweep has them: no training, all weights, and LoRA.
static std::vector<Cell> grid_cells(const Settings& options) {
  const std::vector<std::vector<std::string>> weight_sets{{"q"}, {"q", "v"}, {"q", "k", "v", "o"}};
  std::vector<Cell> cells;
  for (const Cell& cell : repetitions(options)) {
    cells.push_back(frozen(cell));
    cells.push_back(full(cell));
    for (const auto& targets : weight_sets)
      for (const int rank : {1, 4, 8}) cells.push_back(lora_cell(cell, options, targets, rank));
  }
  return cells;
}

static Experiment grid_experiment() {
  return {.name = "bench", .question = "", .cells = grid_cells, .read = [](const Results&, Lab&) {
            return Report{"Cells of Table 6"};
          }};
}

SweepTiming time_sweeps(SweepBench bench) {
  const nn::TemporaryFolder folder;
  Progress progress;
  bench.grid.out = folder.path();
  bench.grid.start = Start::fresh;
  Lab lab(bench.grid, progress);
  const std::vector<Cell> cells = grid_cells(bench.grid);
  lab.bases.prepare(cells, bench.jobs);

  const auto cells_per_minute = [&](int jobs) {
    lab.settings.jobs = jobs;
    const auto start = std::chrono::steady_clock::now();
    run(grid_experiment(), lab);
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

}  // namespace experiments::bench
