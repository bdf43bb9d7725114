#pragma once

#include <span>
#include <vector>

#include "data/example.h"

namespace data {

/// Input for next-token training, row-major (B, T): at position (b, t) the model has seen
/// ids[b][0..t] and should say targets[b][t], which counts weights[b][t] in the loss.
struct Batch {
  int batch_size = 0;          ///< B
  int length = 0;              ///< T
  std::vector<int> ids;        ///< (B, T) input tokens
  std::vector<int> targets;    ///< (B, T) the next token
  std::vector<float> weights;  ///< (B, T) 1 where the next token is a target, otherwise 0
};

/// Inputs are the tokens without the last, targets the tokens without the first, both cut after the
/// last position that counts: in a causal model what comes later cannot influence it. Throws
/// std::invalid_argument when there is no example, their lengths differ, or targets lie outside
/// tokens 1..length-1.
Batch make_batch(std::span<const Example> examples);

}  // namespace data
