#pragma once

#include <vector>

#include "autograd/scalar.h"

/// How DeBERTa tells distances between positions apart: far ones share a row of its table.
namespace nn::inline LOWRANK_PRECISION {

using autograd::Index;

/// The bucket of a distance among N for each sign: itself up to N/2, beyond on a scale of logarithms
/// up to the distance M, with its sign. N is at least 4, and M above N/2 + 1.
Index bucket(Index distance, Index N, Index M);

/// For each distance i - j = -(T-1) .. T-1 the row of a table of 2 `half` rows, the middle one for 0:
/// by its bucket, or where N is 0 by itself; beyond the table the last at either end.
std::vector<int> rows_of_distances(Index T, Index half, Index N, Index M);

}  // namespace nn::inline LOWRANK_PRECISION
