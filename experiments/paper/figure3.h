#pragma once

#include "experiments/harness/experiment.h"
#include "experiments/paper/subspace_grid.h"
#include "lora/analysis/subspace.h"

/// Figure 3 of the paper: do adapters of different rank agree on their directions?
namespace experiments::paper::figure3 {

/// φ between the adapters of rank 8 and of rank 16, for every repetition, matrix and side
/// ("r8-r16"), the same of adapters with permuted labels ("r8-r16-permuted"), and the control
/// "start": the same from A as it was drawn, before any step. (BA has no directions then.)
Grids grids_of(const std::vector<AdaptedModel>& models);

/// What the adapters of rank 8 and 16 of one matrix share in any order, from the right-singular
/// vectors of BA. Where σ2/σ1 is near 1, the first direction is an accident, and two noisy copies
/// of one change differ in φ(1,1); the largest principal cosine does not depend on the order.
struct Shared {
  std::string task, matrix;
  bool permuted = false;
  Repetition repetition;
  double largest_cosine = 0;                        ///< of all 8 with all 16 directions, its square
  lora::ChanceLevel chance;                         ///< of that
  double second_of_small = 0, second_of_large = 0;  ///< σ2/σ1 at rank 8 and 16
};
std::vector<Shared> shared_of(const std::vector<AdaptedModel>& models);

/// F3: the top direction is shared across ranks well above chance, the rest is not. For each task,
/// from the right-singular vectors of BA, corrected for chance, mean over all matrices:
///   (a) φ of the two first directions is above .5, the paper's "larger than 0.5"
///   (b) that minus φ of directions 2 to 8 with directions 2 to 16 is above .25, half of (a)'s.
///       That the rest is near chance alone would hold of noise too.
///   (c) the largest squared cosine of the 8 and the 16 directions, minus the same of adapters with
///       permuted labels, is above 0: what is shared comes from the task, and not from the inputs
Finding finding_of(const Grids& grids, const std::vector<Shared>& shared);

Experiment experiment();

}  // namespace experiments::paper::figure3
