#pragma once

#include <optional>

#include "experiments/harness/experiment.h"

/// How many dimensions a task needs: all parameters move, but only within a random subspace of d
/// dimensions, θ = θ0 + P θ_d. The intrinsic dimension d90 is the least d that reaches 90 % of what
/// full fine-tuning reaches from the same start. Li et al. 2018; Aghajanyan et al. 2020, whose
/// finding, that pre-training makes d90 small, is the paper's motive for low rank.
namespace experiments::beyond::intrinsic_dimension {

/// Full fine-tuning and subspaces of each d, from the pre-trained base and, as the control, from
/// the random weights that pre-training starts from, and both starts frozen.
///
/// The learning rate of a subspace is step_norm / √d: with the unit columns of P an Adam step then
/// moves θ by about step_norm at any d. It was chosen on base seed 0 (see the source), for all
/// tasks and both starts.
Experiment experiment();

/// The intrinsic dimension of one task from one start, in one repetition.
struct IntrinsicDimension {
  double full = 0;         ///< score of full fine-tuning, points
  std::optional<int> d90;  ///< 0 where the frozen start reaches it; nothing where no d does
  int largest = 0;         ///< the largest d that was tried
};

/// By (task label, "pretrained" or "random") and repetition; those without full fine-tuning are
/// left out.
std::map<std::pair<std::string, std::string>, std::map<Repetition, IntrinsicDimension>>
intrinsic_dimensions(const std::vector<CellResult>& results, double fraction = 0.9);

/// A line per result: task, facts, base, base_seed, seed, method, dimensions, score, nll, lr, and
/// d90 and largest of its repetition, which are empty where that has no full fine-tuning.
Csv csv(const std::vector<CellResult>& results);

}  // namespace experiments::beyond::intrinsic_dimension
