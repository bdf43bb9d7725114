#pragma once

#include <functional>

#include "data/batch.h"
#include "experiments/namespaces.h"
#include "nn/loss.h"

namespace experiments::training {

/// A batch of a task as the model takes it. `data` knows nothing of models, so the two meet here.
nn::TokenBatch token_batch(const data::Batch& batch);

/// The logits of every position, (B,T,V); training computes only those that count.
nn::Tensor all_logits(nn::Model& model, const nn::TokenBatch& batch);

/// What a model says for one example.
struct Answer {
  std::vector<int> tokens;  ///< the most likely one at each target, after the right ones before it
  bool is_right = true;     ///< every one of them is the target
  double nll = 0;           ///< nats per target token
};
using OnAnswer = std::function<void(const Answer&)>;

/// Exact matches and likelihood over the examples, a few hundred at a time. `on_answer` gets what
/// they add up, example by example. Throws nn::NonFiniteLogits.
nn::Score evaluate(nn::Model& model, std::span<const data::Example> examples,
                   const OnAnswer& on_answer = {});
/// The same of a model that may have diverged: if its logits are not finite, nothing is exact and
/// the likelihood is NaN.
nn::Score evaluate_or_nan(nn::Model& model, std::span<const data::Example> examples);

}  // namespace experiments::training
