#include "own/a3_training.h"

#include <numeric>

namespace course::a3 {

static double weight_of(const nn::TokenBatch& batch) {
  return std::accumulate(batch.weights.begin(), batch.weights.end(), 0.0);
}

std::vector<double> train(nn::Model& model, const std::vector<Step>& steps, const Recipe& recipe) {
  nn::AdamW optimizer({{nn::trainable_parameters(model), recipe.weight_decay}});
  nn::Tape tape(autograd::TapeMode::training);
  std::vector<double> losses;
  for (const Step& step : steps) {
    double total = 0;
    for (const nn::TokenBatch& batch : step) total += weight_of(batch);
    optimizer.zero_grad();
    double loss = 0;
    for (const nn::TokenBatch& batch : step) {
      tape.clear();
      const nn::Var part = weight_of(batch) / total * nn::token_loss({tape}, model, batch);
      loss += static_cast<double>(part.value().item());
      tape.backward(part);
    }
    nn::clip_gradients(optimizer.parameters(), recipe.max_norm);
    optimizer.step(recipe.schedule.lr(static_cast<long>(losses.size())));
    losses.push_back(loss);
  }
  return losses;
}

}  // namespace course::a3
