#pragma once

#include <cstdint>
#include <nlohmann/json_fwd.hpp>
#include <string>
#include <vector>

#include "experiments/namespaces.h"

namespace experiments::harness {

/// The validation scores at one learning rate, points, one per search seed and higher is better. A
/// run that did not end (a loss or gradient that is not finite) has the score NaN.
struct LrScores {
  double lr = 0;
  std::vector<double> scores;
};

/// How far scores may fall above the best learning rate before that is a collapse, in points. The
/// mean may fall as far as noise and a broad optimum take it; a single seed further, since learned
/// or not by one seed moves its score by tens of points while two seeds hide it in the mean.
struct CollapseRule {
  double mean_falls = 10;
  double worst_falls = 25;
};

struct LrChoice {
  enum class Edge { inside, lowest, highest };
  double lr = 0;    ///< what to use
  double best = 0;  ///< highest mean score
  Edge edge =
      Edge::inside;    ///< where on the grid `best` lies: at an edge the optimum may lie beyond
  std::string reason;  ///< the choice in words
};

/// low, 2 low, 4 low, ... : `count` rates. Throws std::invalid_argument unless low > 0, count > 0.
std::vector<double> lr_grid(double low, int count);

/// The rule of the search:
///  1. `best` is the learning rate with the highest mean score over the seeds, the lower one of two
///     equals. One with a NaN cannot be best.
///  2. From `best` upwards, a learning rate has collapsed if its mean lies more than `mean_falls`
///     below the mean at `best`, or its worst seed more than `worst_falls` below it, or a score
///     is NaN.
///  3. The choice is `best`, which is then at most one step below the collapse; where `best` itself
///     has collapsed, by its worst seed, it is one step below `best`.
/// Throws std::invalid_argument for an empty grid, rates that do not rise, fewer than 3 seeds,
/// unequal numbers of seeds, or a grid on which every rate has a NaN.
LrChoice choose_lr(const std::vector<LrScores>& grid, CollapseRule rule = {});

/// One finished search: a method and weight set on a task, over its grid.
struct LrSearch {
  std::string task, method;
  std::vector<std::string> targets;  ///< empty for full fine-tuning
  std::vector<LrScores> grid;
  LrChoice choice;
};

/// The searches that experiments use unless they search themselves, with the command that made
/// them.
struct LearningRates {
  std::string command;               ///< that wrote the record
  std::vector<std::uint64_t> seeds;  ///< of the search; no cell uses them
  std::vector<LrSearch> searches;

  /// Throws std::invalid_argument that names what was asked for and what there is.
  const LrSearch& find(const std::string& task, const std::string& method,
                       const std::vector<std::string>& targets) const;
};

/// The record as JSON, a search on a line.
std::string to_json(const LearningRates& rates);

/// Throws std::invalid_argument for JSON that to_json would not have written, also if a recorded
/// choice is not what choose_lr makes of its scores.
LearningRates learning_rates_from_json(const nlohmann::ordered_json& object);

/// experiments/harness/learning_rates.json as it was when the program was built.
LearningRates recorded_learning_rates();

}  // namespace experiments::harness
