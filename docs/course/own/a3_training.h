#pragma once

#include <vector>

#include "nn/loss.h"
#include "nn/optimizer.h"

/// Assignment a3, question 7: a training loop.
namespace course::a3 {

/// What one step learns from: one batch, or several that together would not fit into memory.
using Step = std::vector<nn::TokenBatch>;

/// How it learns.
struct Recipe {
  nn::Schedule schedule;    ///< step i, from 0, is made with schedule.lr(i)
  double weight_decay = 0;  ///< of AdamW, for everything that trains
  double max_norm = 1;      ///< of all gradients of a step together, at most
};

/// Trains what is trainable in the model by AdamW, in the order given, and returns the loss of each
/// step as it was before the step: Σ weight · nll / Σ weight over all tokens of all its batches.
///
/// The gradient of a step is that of this loss, whether its tokens come in one batch or in many. So
/// a batch counts by its weight, and not each batch alike. Nothing of a step is left in the
/// gradients of the next, nor of what was there before the first. A step has at least one batch,
/// and each batch some weight.
std::vector<double> train(nn::Model& model, const std::vector<Step>& steps, const Recipe& recipe);

}  // namespace course::a3
