#pragma once

#include "nn/model.h"

namespace nn::inline LOWRANK_PRECISION {

struct GenerateOptions {
  int max_tokens = 16;
  int stop = -1;           ///< generation ends after this token; -1: never
  double temperature = 0;  ///< 0: always the most likely token; else logits are divided by it
  int top_k = 0;           ///< draw among the k most likely only; 0: among all
};

/// The most likely token of the logits (V), or one drawn, as the temperature and top_k say.
int sample(const Eigen::Ref<const Eigen::Matrix<Scalar, 1, Eigen::Dynamic>>& logits,
           const GenerateOptions& options, Random& random);

/// The tokens that follow `prompt`, the stop token included. Ends where the context is full.
/// `random` is drawn from only where temperature > 0. Throws std::invalid_argument on an empty
/// prompt, one that fills the context, or options out of range.
std::vector<int> generate(Model& model, std::span<const int> prompt, const GenerateOptions& options,
                          Random& random);

}  // namespace nn::inline LOWRANK_PRECISION
