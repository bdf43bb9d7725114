#pragma once

#include "nn/model.h"

namespace nn::inline LOWRANK_PRECISION {

/// A batch for next-token prediction: at each of B rows of T positions the id, the id to predict
/// there, and how much that prediction counts.
struct TokenBatch {
  Index B = 0, T = 0;
  std::vector<int> ids, targets;  // (B,T)
  std::vector<Scalar> weights;    // (B,T), 0 where nothing is to be predicted
};

/// Σ weight · nll / Σ weight over all positions -> (1). The logits of positions without weight are
/// never computed: they cannot influence the loss.
Var token_loss(const Pass& pass, Model& model, const TokenBatch& batch);

/// How well the model predicts a batch's targets, without recording gradients.
struct Score {
  long rows = 0;      ///< B, summed over batches
  long exact = 0;     ///< rows all of whose weighted targets are the most likely token
  double nll = 0;     ///< Σ weight · nll, natural logarithm
  double weight = 0;  ///< Σ weight
  Score& operator+=(const Score& other);
};
/// A model whose logits are not finite, from which nothing can be chosen.
struct NonFiniteLogits : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// What the model says at a position with weight.
struct Prediction {
  Index row = 0;             ///< of the batch
  int target = 0, best = 0;  ///< the token that is right, the most likely one
  double nll = 0;            ///< of the target
};
using OnPrediction = std::function<void(const Prediction&)>;

/// `on_prediction` gets what the score adds up, in the order of the batch. Throws NonFiniteLogits
/// where a logit that counts is a NaN or an infinity.
Score score(Model& model, const TokenBatch& batch, const OnPrediction& on_prediction = {});

}  // namespace nn::inline LOWRANK_PRECISION
