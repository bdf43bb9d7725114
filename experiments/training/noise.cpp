#include "experiments/training/noise.h"

#include <algorithm>
#include <cmath>

#include "experiments/training/batches.h"
#include "lora/analysis/activations.h"
#include "lora/analysis/low_rank.h"
#include "lora/analysis/subspace.h"
#include "nn/loss.h"

namespace experiments::training {

Moments moments_of(nn::Model& base, const data::Task& task, const data::TaskOptions& options) {
  constexpr int enough = 250;
  const auto batch = token_batch(
      data::make_batch(data::examples(task, options, data::Split::validation, 1, enough)));
  Moments moments;
  moments.inputs = lora::input_second_moments(base, [&] { all_logits(base, batch); });
  const auto copy = copy_of(base);
  nn::set_trainable(*copy, true);
  moments.gradients = lora::output_gradient_moments(*copy, [&] {
    nn::Tape tape(autograd::TapeMode::training);
    tape.backward(nn::token_loss({tape}, *copy, batch));
  });
  return moments;
}

std::vector<lora::Svd> noise_draws(const lora::MatrixXd& C, const lora::MatrixXd& G,
                                   autograd::Random random, int draws) {
  return noise_from_roots(lora::square_root(C), lora::square_root(G), random, draws);
}

std::vector<lora::Svd> noise_from_roots(const lora::MatrixXd& R, const lora::MatrixXd& S,
                                        autograd::Random random, int draws) {
  std::vector<lora::Svd> changes;
  for (int i = 0; i < draws; ++i) {
    const lora::MatrixXd N = lora::gaussian(S.cols(), R.rows(), random);
    changes.push_back(lora::svd(lora::product(lora::product(S, N), R)));
  }
  return changes;
}

NoiseReading noise_reading(const lora::MatrixXd& W, const std::vector<lora::Svd>& draws,
                           lora::Index r) {
  NoiseReading mean;
  mean.similarity_right = mean.similarity_left = lora::MatrixXd::Zero(r, r);
  const double pairs = static_cast<double>(draws.size()) - 1;  // each with the one before
  double squares = 0;
  for (std::size_t i = 1; i < draws.size(); ++i) {
    const auto first = [r](const lora::MatrixXd& vectors) { return vectors.leftCols(r).eval(); };
    const lora::Svd &change = draws[i], &before = draws[i - 1];
    squares += std::pow(lora::projected_norm(W, first(change.U), first(change.V)), 2) / pairs;
    mean.stable_rank += lora::stable_rank(change.sigma.head(r)) / pairs;
    if (r > 1) mean.second += change.sigma(1) / change.sigma(0) / pairs;
    mean.similarity_right += lora::similarity_grid(first(before.V), first(change.V)) / pairs;
    mean.similarity_left += lora::similarity_grid(first(before.U), first(change.U)) / pairs;
  }
  mean.in_delta = std::sqrt(squares);
  return mean;
}

double share_of_first_tenth(const lora::VectorXd& eigenvalues) {
  const lora::Index tenth = std::max<lora::Index>(1, eigenvalues.size() / 10);
  return eigenvalues.head(tenth).sum() / eigenvalues.sum();
}

}  // namespace experiments::training
