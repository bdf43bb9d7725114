#include "experiments/paper/noise.h"

#include <algorithm>
#include <cmath>

#include "experiments/training/batches.h"
#include "lora/analysis/activations.h"
#include "lora/analysis/low_rank.h"
#include "lora/analysis/subspace.h"
#include "nn/loss.h"

namespace experiments::paper {

using namespace training;

Moments moments_of(nn::Decoder& base, const data::Task& task, const data::TaskOptions& options) {
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

NoiseReading noise_reading(const lora::MatrixXd& W, const lora::MatrixXd& C,
                           const lora::MatrixXd& G, lora::Index r, autograd::Random random,
                           int draws) {
  const lora::MatrixXd root_of_C = lora::square_root(C), root_of_G = lora::square_root(G);
  NoiseReading mean;
  mean.similarity_right = mean.similarity_left = lora::MatrixXd::Zero(r, r);
  lora::Svd before;
  double squares = 0;
  for (int i = 0; i <= draws; ++i) {  // each of them with the one before
    const lora::MatrixXd N = lora::gaussian(W.rows(), W.cols(), random);
    lora::Svd change = lora::svd(lora::product(lora::product(root_of_G, N), root_of_C));
    change = {change.U.leftCols(r), change.sigma.head(r), change.V.leftCols(r)};
    if (i > 0) {
      squares += std::pow(lora::projected_norm(W, change.U, change.V), 2) / draws;
      mean.stable_rank += lora::stable_rank(change.sigma) / draws;
      if (r > 1) mean.second += change.sigma(1) / change.sigma(0) / draws;
      mean.similarity_right += lora::similarity_grid(before.V, change.V) / draws;
      mean.similarity_left += lora::similarity_grid(before.U, change.U) / draws;
    }
    before = std::move(change);
  }
  mean.in_delta = std::sqrt(squares);
  return mean;
}

double share_of_first_tenth(const lora::VectorXd& eigenvalues) {
  const lora::Index tenth = std::max<lora::Index>(1, eigenvalues.size() / 10);
  return eigenvalues.head(tenth).sum() / eigenvalues.sum();
}

}  // namespace experiments::paper
