#pragma once

#include <functional>

#include "autograd/random.h"
#include "experiments/harness/experiment.h"
#include "tests/experiments/fake_cells.h"

/// Results of an experiment's own cells whose truth is known.
namespace fake {

/// The true score of a cell in points.
using ScoreOf = std::function<double(const experiments::training::Cell&)>;

struct ScoreOptions {
  std::vector<data::Task> tasks = {data::tasks::sqlgen};
  std::vector<std::uint64_t> base_seeds = {2, 3};
  int seeds = 5;
  double noise = 1;         ///< sd of an entry, points
  double shared_noise = 5;  ///< sd of what all entries of a repetition have in common
};

inline experiments::harness::Settings study(const ScoreOptions& options) {
  experiments::harness::Settings study;
  study.tasks = options.tasks;
  study.base_seeds = options.base_seeds;
  study.seeds = options.seeds;
  return study;
}

/// A result for each cell: `truth` with noise. The loss is 1 - score / 100.
inline std::vector<experiments::training::CellResult> scores(
    const experiments::harness::Experiment& experiment, const ScoreOf& truth,
    const ScoreOptions& options = {}) {
  autograd::Random random(0, "test.scores");
  std::map<experiments::evidence::Repetition, double> shared;
  for (const auto& repetition : experiments::harness::base_and_seeds(study(options)))
    shared[repetition] = options.shared_noise * random.normal();
  std::vector<experiments::training::CellResult> results;
  for (const experiments::training::Cell& cell : experiment.cells(study(options))) {
    const double noise = shared.at({cell.base_seed, cell.seed}) + options.noise * random.normal();
    experiments::training::CellResult result = fake::result(cell);
    result.value = (truth(cell) + noise) / 100;
    result.nll = 1 - result.value;
    results.push_back(result);
  }
  return results;
}

/// The outcomes of all parts, judged as one family, as letters: h, d, c or o.
inline std::string letters(experiments::evidence::Finding finding) {
  std::vector<experiments::evidence::Finding> one{std::move(finding)};
  experiments::evidence::judge(one);
  std::string text;
  for (const auto& part : one.front().parts)
    text += experiments::evidence::outcome_text(part.judgement.outcome)[0];
  return text;
}

}  // namespace fake
