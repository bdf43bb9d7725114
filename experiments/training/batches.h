#pragma once

#include "data/batch.h"
#include "nn/loss.h"

namespace experiments {

/// A batch of a task as the model takes it. `data` knows nothing of models, so the two meet here.
nn::TokenBatch token_batch(const data::Batch& batch);

/// The logits of every position, (B,T,V); training computes only those that count.
nn::Tensor all_logits(nn::Model& model, const nn::TokenBatch& batch);

/// Exact matches and likelihood over the examples, a few hundred at a time. Throws
/// nn::NonFiniteLogits.
nn::Score evaluate(nn::Model& model, std::span<const data::Example> examples);
/// The same of a model that may have diverged: if its logits are not finite, nothing is exact and
/// the likelihood is NaN.
nn::Score evaluate_or_nan(nn::Model& model, std::span<const data::Example> examples);

}  // namespace experiments
