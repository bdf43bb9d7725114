#pragma once

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

#include "autograd/random.h"
#include "experiments/harness/results.h"
#include "tests/nn/temporary_folder.h"

/// Cells and folders for tests that need no training.
namespace fake {

inline experiments::training::Cell cell(const std::string& task, std::vector<std::string> targets,
                                        int rank, std::uint64_t seed, std::uint64_t base_seed = 2) {
  return {.task = task,
          .method = "lora",
          .targets = std::move(targets),
          .rank = rank,
          .alpha = 8,
          .scaling = "alpha/r",
          .seed = seed,
          .base_seed = base_seed,
          .lr = 0.04,
          .steps = 500,
          .examples = 300};
}

/// A result whose numbers depend on the cell alone.
inline experiments::training::CellResult result(const experiments::training::Cell& cell) {
  const double x = static_cast<double>(autograd::fnv1a(cell.key()) % 1000) / 1000;
  return {.cell = cell,
          .metric = "exact_match",
          .value = x,
          .nll = 1 - x / 3,
          .trainable = 256L * cell.rank,
          .seconds = 0.5,
          .more = {}};
}

/// The results as lines, sorted and without their seconds: equal texts mean bit-equal results,
/// whatever the order in which they were computed.
inline std::string comparable_text(std::vector<experiments::training::CellResult> results) {
  for (auto& result : results) result.seconds = 0;
  std::ranges::sort(results, {}, [](const auto& result) { return result.cell.key(); });
  return experiments::harness::cell_lines(results);
}

inline std::string read(const std::filesystem::path& path) {
  std::ifstream in(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(in), {}};
}

inline void write(const std::filesystem::path& path, const std::string& text) {
  std::ofstream(path, std::ios::binary) << text;
}

}  // namespace fake
