#pragma once

#include "experiments/harness/experiment.h"
#include "experiments/paper/subspace_grid.h"

/// Figure 4 of the paper: do adapters of different seeds agree on their directions?
namespace experiments::paper::figure4 {

/// φ between the adapters of rank 16 of a seed and of every other seed of its base, the mean over
/// these, in the repetition of that seed ("seeds"); the same of adapters with permuted labels
/// ("seeds-permuted"). The floor is "gaussian", two Gaussian matrices of A's shape, which share
/// nothing. The ceiling is "rounding", an adapter and the same one trained again with the last bit of
/// every trained number rounded otherwise at the start: what training forgets of where it began, two
/// seeds cannot share. A seed names data, order and initialisation together.
Grids grids_of(const std::vector<AdaptedModel>& models);

/// F4: seeds agree more on ΔWq than on ΔWv. For each task, from the right-singular vectors of BA,
/// mean over the blocks and over all pairs of seeds: φ(8,8), corrected for chance, of q minus that
/// of v is above 0. Tested on one pair of seeds for each base. Where a base has more seeds their pairs share
/// them, so it is tested on the seeds: D of a repetition is its pseudo-value (jackknife_of_pairs).
/// q and v read the same inputs, so that the difference is safe from what uneven inputs do to both.
Finding finding_of(const Grids& grids);

Experiment experiment();

}  // namespace experiments::paper::figure4
