#pragma once

#include <algorithm>
#include <functional>

#include "autograd/random.h"
#include "experiments/evidence/score_table.h"
#include "tests/experiments/fake_cells.h"

/// Tables 6 whose truth is known.
namespace fake {

/// The true score of an entry in points; a weight set with its rank, or "frozen", "full" with 0.
using Truth = std::function<double(const std::string& weights, int rank)>;

struct TableOptions {
  std::vector<std::string> tasks = {"sqlgen"};
  std::vector<int> ranks = {1, 2, 4, 8, 16};
  std::vector<std::uint64_t> base_seeds = {2, 3};
  int seeds = 5;
  double noise = 1;         ///< sd of an entry, points
  double shared_noise = 5;  ///< sd of what all entries of a repetition have in common
  double bimodal = 0;       ///< chance that an entry's noise is 20 points downwards (mean removed)
  std::uint64_t draw = 0;   ///< names the noise
};

inline std::vector<experiments::training::CellResult> table(const Truth& truth,
                                                            const TableOptions& options) {
  const std::vector<std::vector<std::string>> sets = {{"q"}, {"q", "v"}, {"q", "k", "v", "o"}};
  std::vector<experiments::training::CellResult> results;
  autograd::Random random(options.draw, "test.table6");
  for (const std::string& task : options.tasks) {
    for (const std::uint64_t base : options.base_seeds) {
      for (int seed = 0; seed < options.seeds; ++seed) {
        const double shared = options.shared_noise * random.normal();
        const auto add = [&](experiments::training::Cell cell, const std::string& name) {
          double score = truth(name, cell.rank) + shared + options.noise * random.normal();
          if (random.chance(options.bimodal)) score -= 20;
          score += 20 * options.bimodal;
          experiments::training::CellResult result = fake::result(cell);
          result.value = score / 100;
          results.push_back(result);
        };
        for (const char* method : {"frozen", "full"}) {
          experiments::training::Cell cell =
              fake::cell(task, {}, 0, static_cast<unsigned>(seed), base);
          cell.method = method;
          cell.scaling = "";
          cell.alpha = 0;
          add(cell, method);
        }
        for (const auto& set : sets) {
          for (const int r : options.ranks) {
            add(fake::cell(task, set, r, static_cast<unsigned>(seed), base),
                experiments::training::weight_set(set));
          }
        }
      }
    }
  }
  return results;
}

}  // namespace fake
