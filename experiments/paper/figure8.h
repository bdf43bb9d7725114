#pragma once

#include "experiments/harness/experiment.h"
#include "experiments/paper/subspace_grid.h"

/// Figure 8 of the paper: do the directions of ΔW lie among the top ones of W?
namespace experiments::paper::figure8 {

/// φ between the directions of ΔW (i) and the first 16 of W (j), for every rank ("r4", ...), the
/// same of adapters with permuted labels ("r4-permuted"), and "random": a random ΔW of rank 16. The sides are BA-right and BA-left, against W's own of that
/// side.
Grids grids_of(const std::vector<AdaptedModel>& models);

/// F6: ΔW's top directions barely meet W's. For each task, right-singular vectors, r = 4 as far as
/// its top goes, mean over all matrices: φ of ΔW's first 4 with W's first 6 (10 % of d = 64),
/// corrected for chance, is below .111. That is the paper's .2, which it barely exceeds, on the same
/// scale: over the chance of .1 at (4,1229) and d = 12288. A random ΔW has 0 and passes; what an
/// adapter with permuted labels has is in the note.
Finding finding_of(const Grids& grids);

Experiment experiment();

}  // namespace experiments::paper::figure8
