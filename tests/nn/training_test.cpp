#include <doctest/doctest.h>

#include <array>
#include <cmath>
#include <limits>

#include "nn/optimizer.h"
#include "tests/nn/small_decoder.h"

namespace training_test {

using nn::Decoder;
using nn::Matrix;
using nn::Scalar;
using nn::TokenBatch;

namespace {

double nll(const Matrix& logits, Eigen::Index row, int target) {
  const Eigen::ArrayXd x = logits.row(row).cast<double>().transpose().array();
  return x.maxCoeff() + std::log((x - x.maxCoeff()).exp().sum()) - x(target);
}

double loss_of(Decoder& model, const TokenBatch& batch) {
  nn::Tape tape(autograd::TapeMode::values);
  return static_cast<double>(token_loss({tape}, model, batch).value().item());
}

TokenBatch weighted_batch() {
  TokenBatch batch = small_batch();
  batch.weights = {0.5, 0, 2, 0, 1, 0.25};
  return batch;
}

/// One row of a batch.
TokenBatch row_of(const TokenBatch& batch, nn::Index row) {
  const auto begin = row * batch.T, end = begin + batch.T;
  const auto part = [&](const auto& all) {
    return std::decay_t<decltype(all)>(all.begin() + begin, all.begin() + end);
  };
  return {1, batch.T, part(batch.ids), part(batch.targets), part(batch.weights)};
}

}  // namespace

TEST_CASE("the token loss is the weighted mean over the logits of every position") {
  Decoder model(small_config(), 1);
  const TokenBatch batch = weighted_batch();
  const Matrix logits = logits_of_batch(model, batch);
  double sum = 0, weight = 0, unweighted = 0;
  for (std::size_t i = 0; i < batch.ids.size(); ++i) {
    const double one = nll(logits, static_cast<Eigen::Index>(i), batch.targets[i]);
    sum += static_cast<double>(batch.weights[i]) * one;
    weight += static_cast<double>(batch.weights[i]);
    unweighted += one / 6;
  }
  CHECK(std::abs(loss_of(model, batch) - sum / weight) < 1e-5);
  CHECK(std::abs(loss_of(model, batch) - unweighted) > 1e-3);
}

TEST_CASE("micro-batches that count by their weight give one batch's gradient") {
  Decoder whole(small_config(), 1), parts(small_config(), 1), naive(small_config(), 1);
  const TokenBatch batch = weighted_batch();
  const auto add_gradient = [](Decoder& model, const TokenBatch& b, double factor) {
    nn::Tape tape;
    tape.backward(autograd::scale(token_loss({tape}, model, b), factor));
  };
  add_gradient(whole, batch, 1);
  for (const nn::Index row : {0, 1}) {
    const TokenBatch part = row_of(batch, row);
    const double weight = row == 0 ? 2.5 : 1.25;
    add_gradient(parts, part, weight / 3.75);
    add_gradient(naive, part, 0.5);  // a mean of means
  }
  const auto a = parameters(whole), b = parameters(parts), c = parameters(naive);
  double worst = 0, worst_naive = 0, largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const auto distance = [&](const nn::Parameter* p) {
      return static_cast<double>((a[i]->grad.m - p->grad.m).cwiseAbs().maxCoeff());
    };
    worst = std::max(worst, distance(b[i]));
    worst_naive = std::max(worst_naive, distance(c[i]));
    largest = std::max(largest, static_cast<double>(a[i]->grad.m.cwiseAbs().maxCoeff()));
  }
  CHECK(worst < 1e-5 * largest);
  CHECK(worst_naive > 1e-2 * largest);
}

TEST_CASE("a score counts exact rows and sums what the loss averages") {
  Decoder model(small_config(), 1);
  TokenBatch batch = weighted_batch();
  const Matrix logits = logits_of_batch(model, batch);
  // The first row is right wherever it counts; the second is wrong in one of two places.
  for (std::size_t i = 0; i < 6; ++i) {
    Eigen::Index best = 0;
    logits.row(static_cast<Eigen::Index>(i)).maxCoeff(&best);
    batch.targets[i] = static_cast<int>(i == 1 || i == 5 ? (best + 1) % 5 : best);
  }
  const nn::Score score = nn::score(model, batch);
  double sum = 0;
  for (std::size_t i = 0; i < 6; ++i)
    sum += static_cast<double>(batch.weights[i]) *
           nll(logits, static_cast<Eigen::Index>(i), batch.targets[i]);
  CHECK(score.rows == 2);
  CHECK(score.exact == 1);
  CHECK(score.weight == 3.75);
  CHECK(std::abs(score.nll - sum) < 1e-5);
  CHECK(std::abs(score.nll / score.weight - loss_of(model, batch)) < 1e-5);

  nn::Score total;
  total += nn::score(model, row_of(batch, 0));
  CHECK(total.exact == 1);
  total += nn::score(model, row_of(batch, 1));
  CHECK(total.rows == 2);
  CHECK(total.exact == 1);
  CHECK(total.weight == 3.75);
  CHECK(std::abs(total.nll - sum) < 1e-5);
}

TEST_CASE("what a score adds up is told position by position") {
  Decoder model(small_config(), 1);
  const TokenBatch batch = weighted_batch();
  const Matrix logits = logits_of_batch(model, batch);
  std::vector<nn::Prediction> said;
  const nn::Score score =
      nn::score(model, batch, [&](const nn::Prediction& one) { said.push_back(one); });
  REQUIRE(said.size() == 4);
  double sum = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const std::size_t at = std::array{0u, 2u, 4u, 5u}[i];  // those with a weight
    const auto row = static_cast<Eigen::Index>(at);
    Eigen::Index best = 0;
    logits.row(row).maxCoeff(&best);
    CHECK(said[i].row == row / 3);
    CHECK(said[i].target == batch.targets[at]);
    CHECK(said[i].best == best);
    CHECK(std::abs(said[i].nll - nll(logits, row, batch.targets[at])) < 1e-5);
    sum += static_cast<double>(batch.weights[at]) * said[i].nll;
  }
  CHECK(std::abs(score.nll - sum) < 1e-12);
  CHECK(nn::score(model, batch).nll == score.nll);
}

TEST_CASE("batches whose parts do not fit together are errors") {
  Decoder model(small_config(), 1);
  const auto error = [&](auto change) {
    TokenBatch batch = small_batch();
    change(batch);
    const std::string of_loss = message_of<std::invalid_argument>([&] { loss_of(model, batch); });
    const std::string of_score =
        message_of<std::invalid_argument>([&] { nn::score(model, batch); });
    CHECK(of_loss == of_score);
    return of_loss;
  };
  CHECK(error([](TokenBatch& b) { b.weights.pop_back(); }) ==
        "a batch of 2 rows of 3 with 6 ids, 6 targets, 5 weights");
  CHECK(error([](TokenBatch& b) { b.targets[1] = 5; }) ==
        "the target 5 at position 1 is not in 0..4");
  CHECK(error([](TokenBatch& b) { b.targets[2] = -1; }) ==
        "the target -1 at position 2 is not in 0..4");
  CHECK(error([](TokenBatch& b) { b.targets[3] = -1; }) == "");  // it has no weight
}

TEST_CASE("a batch in which nothing counts has no loss, and a score of weight 0") {
  Decoder model(small_config(), 1);
  TokenBatch batch = small_batch();
  std::fill(batch.weights.begin(), batch.weights.end(), Scalar{0});
  CHECK(message_of<std::invalid_argument>([&] { loss_of(model, batch); }) ==
        "cross_entropy: no row has a weight");
  CHECK(nn::score(model, batch).weight == 0);
  CHECK(nn::score(model, batch).nll == 0);
}

// A NaN compares with nothing, so the first word would be the most likely one.
TEST_CASE("logits that are not finite are no score") {
  Decoder model(small_config(), 1);
  TokenBatch batch = small_batch();
  std::fill(batch.targets.begin(), batch.targets.end(), 0);
  CHECK(nn::score(model, batch).rows == 2);
  for (const Scalar bad :
       {std::numeric_limits<Scalar>::quiet_NaN(), std::numeric_limits<Scalar>::infinity()}) {
    model.ln_f.bias.value.m(0, 2) = bad;
    CHECK(message_of<nn::NonFiniteLogits>([&] { nn::score(model, batch); }) ==
          "score: the model's logits are not finite");
  }
}

TEST_CASE("a tiny decoder learns eight sequences by heart, without new memory after one step") {
  // Rows begin with different tokens, so that every later token follows from what came before.
  nn::DecoderConfig config{
      .vocabulary = 11, .context = 6, .d_model = 16, .layers = 2, .heads = 2, .d_mlp = 32};
  Decoder model(config, 3);
  nn::Random random(3, "sequences");
  TokenBatch batch{8, 6, {}, {}, std::vector<Scalar>(48, 1)};
  for (int row = 0; row < 8; ++row) {
    int token = row;
    for (int t = 0; t < 6; ++t) {
      batch.ids.push_back(token);
      batch.targets.push_back(token = static_cast<int>(random.below(11)));
    }
  }
  CHECK(loss_of(model, batch) > 2);
  nn::AdamW adam({{nn::trainable_parameters(model)}});
  nn::Tape tape(autograd::TapeMode::training);
  long allocations = 0;
  nn::Index state = 0;
  std::vector<const Scalar*> places;
  for (int step = 0; step < 150; ++step) {
    tape.clear();
    adam.zero_grad();
    tape.backward(token_loss({tape}, model, batch));
    nn::clip_gradients(adam.parameters(), 1);
    adam.step(1e-2);
    if (step == 0) {
      allocations = tape.allocations();
      state = adam.bytes();
      for (const nn::Parameter* p : adam.parameters()) {
        places.push_back(p->value.m.data());
        places.push_back(p->grad.m.data());
      }
    }
  }
  CHECK(loss_of(model, batch) < 0.05);
  CHECK(nn::score(model, batch).exact == 8);
  CHECK(allocations > 0);
  CHECK(tape.allocations() == allocations);
  CHECK(state == 2 * nn::count(nn::parameters(model)) * static_cast<nn::Index>(sizeof(Scalar)));
  CHECK(adam.bytes() == state);
  std::size_t i = 0;
  for (const nn::Parameter* p : adam.parameters()) {
    CHECK(places[i++] == p->value.m.data());
    CHECK(places[i++] == p->grad.m.data());
  }
}

}  // namespace training_test
