#pragma once

#include <functional>
#include <string>
#include <vector>

#include "tests/experiments/fake_cells.h"

/// Sets of fake cells that differ in a known way.
namespace fake {

using Cells = std::vector<experiments::training::CellResult>;
using Change = std::function<void(experiments::training::CellResult&)>;

/// LoRA on q at these ranks and seeds; the numbers depend on rank and seed alone.
inline Cells runs(const std::vector<int>& ranks = {4, 16},
                  const std::vector<std::uint64_t>& seeds = {1, 2, 3}) {
  Cells cells;
  for (const int rank : ranks)
    for (const std::uint64_t seed : seeds) {
      experiments::training::CellResult& run =
          cells.emplace_back(result(cell("nli", {"q"}, rank, seed)));
      run.value = 0.5 + 0.01 * rank + 0.03 * static_cast<double>(seed * seed % 5);
      run.nll = 1 - run.value;
    }
  return cells;
}

inline Cells changed(Cells cells, const Change& change) {
  for (experiments::training::CellResult& run : cells) change(run);
  return cells;
}

/// Seed s gains shift + s points, and loses as many hundredths of nll.
inline Change with_alpha(double alpha, double shift) {
  return [=](experiments::training::CellResult& run) {
    run.cell.alpha = alpha;
    const double gain = (shift + static_cast<double>(run.cell.seed)) / 100;
    run.value += gain;
    run.nll -= gain;
  };
}

}  // namespace fake
