#include "nn/loss.h"

#include <fmt/format.h>

#include <cmath>

namespace nn::inline LOWRANK_PRECISION {

// The positions that carry weight, with their targets and weights.
struct Weighted {
  std::vector<int> positions, targets;
  std::vector<Scalar> weights;
};

static Weighted weighted(const Model& model, const TokenBatch& batch) {
  const auto n = static_cast<std::size_t>(batch.B * batch.T);
  if (batch.ids.size() != n || batch.targets.size() != n || batch.weights.size() != n)
    throw autograd::ShapeError(
        fmt::format("a batch of {} rows of {} with {} ids, {} targets, {} weights", batch.B,
                    batch.T, batch.ids.size(), batch.targets.size(), batch.weights.size()));
  Weighted w;
  for (std::size_t i = 0; i < n; ++i) {
    if (batch.weights[i] == 0) continue;
    if (batch.targets[i] < 0 || batch.targets[i] >= model.vocabulary())
      throw std::invalid_argument(fmt::format("the target {} at position {} is not in 0..{}",
                                              batch.targets[i], i, model.vocabulary() - 1));
    w.positions.push_back(static_cast<int>(i));
    w.targets.push_back(batch.targets[i]);
    w.weights.push_back(batch.weights[i]);
  }
  return w;
}

Var token_loss(const Pass& pass, Model& model, const TokenBatch& batch) {
  const Weighted w = weighted(model, batch);
  const Var logits = model.logits(pass, {batch.B, batch.T, batch.ids}, w.positions);  // (n,V)
  return autograd::cross_entropy(logits, {w.targets, w.weights});
}

Score& Score::operator+=(const Score& other) {
  rows += other.rows, exact += other.exact, nll += other.nll, weight += other.weight;
  return *this;
}

Score score(Model& model, const TokenBatch& batch, const OnPrediction& on_prediction) {
  Tape tape(autograd::TapeMode::values);
  const Weighted w = weighted(model, batch);
  const Matrix& logits = model.logits({tape}, {batch.B, batch.T, batch.ids}, w.positions).value().m;
  if (!logits.allFinite()) throw NonFiniteLogits("score: the model's logits are not finite");

  Score result;
  std::vector<bool> right(static_cast<std::size_t>(batch.B), true);
  for (std::size_t i = 0; i < w.positions.size(); ++i) {
    const auto row = logits.row(static_cast<Index>(i));
    Index best = 0;
    const Scalar max = row.maxCoeff(&best);
    const double lse =
        static_cast<double>(max) + std::log(static_cast<double>((row.array() - max).exp().sum()));
    const Prediction said{w.positions[i] / batch.T, w.targets[i], static_cast<int>(best),
                          lse - static_cast<double>(row(w.targets[i]))};
    const auto weight = static_cast<double>(w.weights[i]);
    result.nll += weight * said.nll;
    result.weight += weight;
    if (said.best != said.target) right[static_cast<std::size_t>(said.row)] = false;
    if (on_prediction) on_prediction(said);
  }
  result.rows = batch.B;
  for (const bool r : right) result.exact += r;
  return result;
}

}  // namespace nn::inline LOWRANK_PRECISION
