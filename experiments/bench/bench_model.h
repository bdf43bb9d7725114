#pragma once

#include <filesystem>

#include "experiments/namespaces.h"
#include "nn/models/decode.h"
#include "nn/models/model_folder.h"

/// Another library's model here: how long it takes to read, to learn and to write, and how much
/// memory it takes to open it.
namespace experiments::bench {

/// A way to decode.
struct DecodeTiming {
  double tokens_per_s = 0;
  nn::Index tokens = 0, products = 0;  ///< as nn::Decoded counts them
};

struct ModelBench {
  std::filesystem::path folder;
  bool random = false;  ///< weights are drawn, so that config.json is all that is wanted
  nn::Frozen frozen = nn::Frozen::f32;
  std::vector<std::string> targets;  ///< of LoRA; none: every projection. q, k and v split c_attn
  nn::Index rows = 1, length = 0;    ///< of a step; 0: 128, or what the model has
  int tokens = 64;                   ///< that are decoded, as far as there are positions
};

struct ModelTiming {
  nn::Index parameters = 0, trainable = 0, positions = 0;
  double load_s = 0;
  double float_mb = 0;      ///< of the parameters in float32, 10⁶ bytes
  double weights_mb = 0;    ///< of the parameters as they are kept
  double peak_mb = 0;       ///< the most memory that opening it took; NaN where nothing says it
  double step_ms = 0;       ///< forward, backward and AdamW under LoRA of rank 4: the second step
  double step_peak_mb = 0;  ///< the most memory that all took, steps last
  DecodeTiming with, without;  ///< with keys and values kept and without
};

/// On one thread and ids that mean nothing. Nothing is decoded of a model that is not causal, and no
/// step is done of one without a head. Throws what nn::ModelFolder throws, and std::invalid_argument
/// for a length that the model has not, or targets.
ModelTiming time_model(const ModelBench& bench);

}  // namespace experiments::bench
