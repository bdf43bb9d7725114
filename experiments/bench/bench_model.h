#pragma once

#include <filesystem>

#include "experiments/namespaces.h"
#include "nn/models/decode.h"

/// Another library's model here: how long it takes to read, to learn and to write, and how much
/// memory it takes to open it.
namespace experiments::bench {

/// A way to decode.
struct DecodeTiming {
  double tokens_per_s = 0;
  nn::Index tokens = 0, products = 0;  ///< as nn::Decoded counts them
};

struct ModelTiming {
  nn::Index parameters = 0, positions = 0;
  double load_s = 0;
  double float_mb = 0;  ///< of the parameters in float32, 10⁶ bytes
  double peak_mb = 0;   ///< the most memory that opening it took; NaN where nothing says it
  double step_ms = 0;   ///< forward and backward over `positions` ids, LoRA of rank 4 everywhere
  DecodeTiming with, without;  ///< with keys and values kept and without
};

/// On one thread and ids that mean nothing. `tokens` are decoded, as far as there are positions;
/// nothing is decoded of a model that is not causal. Throws what nn::ModelFolder throws.
ModelTiming time_model(const std::filesystem::path& folder, int tokens);

}  // namespace experiments::bench
