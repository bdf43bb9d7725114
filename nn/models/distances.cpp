#include "nn/models/distances.h"

#include <algorithm>
#include <cmath>

namespace nn::inline LOWRANK_PRECISION {

// In float: at its steps the ceiling is decided by the last digit, and checkpoints were trained so.
Index bucket(Index distance, Index N, Index M) {
  const Index near = N / 2, size = std::abs(distance);
  if (size <= near) return distance;
  const auto steps = std::log(float(size) / float(near)) / std::log(float(M - 1) / float(near));
  const auto far = static_cast<Index>(std::ceil(steps * float(near - 1))) + near;
  return distance < 0 ? -far : far;
}

std::vector<int> rows_of_distances(Index T, Index half, Index N, Index M) {
  std::vector<int> rows;
  for (Index distance = 1 - T; distance < T; ++distance) {
    const Index place = N > 0 ? bucket(distance, N, M) : distance;
    rows.push_back(static_cast<int>(std::clamp<Index>(place + half, 0, 2 * half - 1)));
  }
  return rows;
}

}  // namespace nn::inline LOWRANK_PRECISION
