#include <bit>
#include <cmath>
#include <cstdint>

#include "experiments/beyond/adam_alpha.h"
#include "experiments/evidence/statistics.h"
#include "experiments/training/batches.h"
#include "nn/loss.h"

namespace experiments::beyond::adam_alpha {
namespace {

nn::TokenBatch batch_of(const Cell& cell, data::Split split) {
  const data::Task& task = data::parse_task(cell.task);
  return token_batch(
      data::make_batch(data::examples(task, task_options(cell), split, cell.seed, 32)));
}

void backward(nn::Model& model, const nn::TokenBatch& batch) {
  nn::Tape tape;
  tape.backward(nn::token_loss({tape}, model, batch));
}

// The logits after ten steps of Adam on one batch. Its ε is lost beside every √v here: 1e-30 +
// 1e-20 is 1e-20 in float.
nn::Matrix trained_logits(const Base& base, Cell cell, double p, double q, bool rates) {
  cell.alpha /= p * q;
  const std::unique_ptr<nn::Model> model = prepare(base, cell);
  nn::ParameterGroup a{{}, 0, rates ? p : 1}, b{{}, 0, rates ? q : 1};
  for (const auto& [path, layer] : lora::lora_layers(*model)) {
    layer->B.set(nn::Random(cell.seed, path + ".start.B").normal(layer->B.value.shape, 0.02));
    layer->A.value.m *= static_cast<nn::Scalar>(p);
    layer->B.value.m *= static_cast<nn::Scalar>(q);
    a.parameters.push_back(&layer->A);
    b.parameters.push_back(&layer->B);
  }
  nn::AdamW adam({a, b}, {0.9, 0.999, 1e-30});
  const nn::TokenBatch batch = batch_of(cell, data::Split::train);
  for (int step = 0; step < 10; ++step) {
    adam.zero_grad();
    backward(*model, batch);
    adam.step(1e-2);
  }
  return all_logits(*model, batch_of(cell, data::Split::test)).m;
}

}  // namespace

double first_step_change(const Base& base, const Cell& cell, double lr) {
  const std::unique_ptr<nn::Model> model = prepare(base, cell);
  const nn::TokenBatch batch = batch_of(cell, data::Split::train);
  const nn::Matrix before = all_logits(*model, batch).m;
  const std::unique_ptr<nn::Optimizer> optimizer = make_optimizer(*model, cell);
  backward(*model, batch);
  optimizer->step(lr);
  const Eigen::MatrixXd change = (all_logits(*model, batch).m - before).cast<double>();
  return change.norm() / std::sqrt(static_cast<double>(change.size()));
}

double expected_exponent(const std::string& optimizer, lora::Scaling scaling) {
  const double scale = scaling == lora::Scaling::alpha_over_r ? -1 : -0.5;
  return optimizer == "sgd" ? 2 * scale + 1 : scale + 1;
}

double exponent(const std::vector<std::pair<int, double>>& change_by_rank) {
  std::vector<double> ranks, changes;
  for (const auto& [rank, change] : change_by_rank) {
    ranks.push_back(rank);
    changes.push_back(change);
  }
  return fitted_exponent(ranks, changes);
}

Invariance alpha_invariance(const Base& base, const Cell& cell, double p, double q, bool rates) {
  const nn::Matrix plain = trained_logits(base, cell, 1, 1, true);
  const nn::Matrix changed = trained_logits(base, cell, p, q, rates);
  Invariance found{p, q, rates, plain.allFinite(), 0};
  for (nn::Index i = 0; i < plain.size(); ++i)
    found.same_bits = found.same_bits && std::bit_cast<std::uint32_t>(plain.data()[i]) ==
                                             std::bit_cast<std::uint32_t>(changed.data()[i]);
  found.largest_difference = static_cast<double>((plain - changed).cwiseAbs().maxCoeff());
  return found;
}

}  // namespace experiments::beyond::adam_alpha
