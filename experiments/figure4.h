#pragma once

#include "experiments/experiment.h"
#include "experiments/subspace_grid.h"

/// Figure 4 of the paper: do adapters of different seeds agree on their directions?
namespace experiments {

/// φ between the adapters of rank 16 of a seed and of the next one, the first following the last,
/// in the repetition of the former ("seeds"); and "gaussian", two Gaussian matrices of A's shape,
/// which share nothing. A seed names data, order and initialisation together. With n > 2 seeds
/// there are n pairs, each seed in two of them.
Grids figure4_grids(const std::vector<AdaptedModel>& models);

/// F4: seeds agree more on ΔWq than on ΔWv. For each task, from the right-singular vectors of BA,
/// mean over the blocks: φ(8,8), corrected for chance, of q minus that of v is above 0.
Finding figure4_finding(const Grids& grids);

Experiment figure4_experiment();

}  // namespace experiments
