#pragma once

#include "experiments/harness/experiment.h"
#include "experiments/paper/subspace_grid.h"

/// Figure 3 of the paper: do adapters of different rank agree on their directions?
namespace experiments::paper::figure3 {

/// φ between the adapters of rank 8 and of rank 16, for every repetition, matrix and side
/// ("r8-r16"), and the control "start": the same from A as it was drawn, before any step. (BA has
/// no directions then.)
Grids grids_of(const std::vector<AdaptedModel>& models);

/// F3: the top direction is shared across ranks well above chance, the rest is near chance. For
/// each task, from the right-singular vectors of BA, corrected for chance, mean over all matrices:
///   (a) φ of the two first directions is above .5, the paper's "larger than 0.5"
///   (b) φ of directions 2 to 8 with directions 2 to 16 is below .25, half of that
Finding finding_of(const Grids& grids);

Experiment experiment();

}  // namespace experiments::paper::figure3
