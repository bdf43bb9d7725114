#include <doctest/doctest.h>

#include <algorithm>
#include <array>
#include <cmath>

#include "lora/methods/prompt_encoder.h"
#include "nn/optimizer.h"
#include "tests/lora/small_model.h"

namespace training_test {

using nn::Decoder;
using nn::TokenBatch;

namespace {

/// A small decoder with LoRA everywhere.
Decoder adapted(nn::Index rank = 2, double alpha = 3) {
  Decoder model(small_config(), 1);
  lora::inject(model, everywhere(rank, alpha), 5);
  return model;
}

void backward(Decoder& model) {
  nn::Tape tape;
  tape.backward(token_loss({tape}, model, small_batch()));
}

/// Elements of the values that a tape for training still holds after the forward pass.
nn::Index held(Decoder& model) {
  nn::Tape tape(autograd::TapeMode::training);
  token_loss({tape}, model, small_batch());
  nn::Index elements = 0;
  for (autograd::NodeId id = 0; id < tape.size(); ++id) {
    const autograd::Node& node = tape.node(id);
    if (node.value && !node.inputs.empty()) elements += node.value->size();
  }
  return elements;
}

}  // namespace

TEST_CASE("with B at zero a LoRA model is the base, bit for bit") {
  Decoder base(small_config(), 1), model = adapted();
  CHECK(same_bits(logits_of_batch(model, small_batch()), logits_of_batch(base, small_batch())));
  perturb_b(model);
  CHECK_FALSE(
      same_bits(logits_of_batch(model, small_batch()), logits_of_batch(base, small_batch())));
}

TEST_CASE("at step 0 the gradient of A is exactly zero and that of B is not") {
  Decoder model = adapted();
  backward(model);
  for (const auto& [name, layer] : lora::lora_layers(model)) {
    CHECK_FALSE(layer->A.grad.empty());
    CHECK(layer->A.grad.m.isZero(0));
    CHECK_FALSE(layer->B.grad.m.isZero(0));
  }
  perturb_b(model);
  backward(model);
  for (const auto& [name, layer] : lora::lora_layers(model)) CHECK_FALSE(layer->A.grad.m.isZero(0));
}

TEST_CASE("training moves A and B and not a bit of anything else, which has no gradient") {
  Decoder model = adapted();
  const Snapshot before(model);
  nn::AdamW adam({{nn::trainable_parameters(model), 0.1}});
  nn::Tape tape(autograd::TapeMode::training);
  for (int step = 0; step < 5; ++step) {
    tape.clear();
    adam.zero_grad();
    tape.backward(token_loss({tape}, model, small_batch()));
    adam.step(1e-2);
  }
  const Snapshot after(model);
  std::size_t i = 0, trained = 0;
  model.visit("", [&](const std::string& name, nn::Parameter& p) {
    CHECK(p.trainable == !p.grad.empty());
    CHECK_MESSAGE(same_bits(before.values[i], after.values[i]) == !p.trainable, name);
    trained += p.trainable;
    ++i;
  });
  CHECK(trained == 24);
  CHECK(adam.bytes() == 2 * nn::count(nn::trainable_parameters(model)) *
                            static_cast<nn::Index>(sizeof(nn::Scalar)));
  // Taken off, the adapter leaves no trace.
  Decoder base(small_config(), 1);
  lora::unwrap(model);
  CHECK(same_bits(logits_of_batch(model, small_batch()), logits_of_batch(base, small_batch())));
}

TEST_CASE("a tape for training does not hold the inputs of frozen products") {
  Decoder full(small_config(), 1), model(small_config(), 1);
  lora::LoraConfig config;
  config.targets = {"q", "v"};
  config.spec.rank = 2;
  lora::inject(model, config, 1);
  // Those of o, up and down, in the last block of the rows that have a weight; that of k is also
  // q's and v's, and A reads it. s x Aᵀ comes on top.
  const auto [C, d_mlp, r] = std::array<nn::Index, 3>{4, 7, 2};
  const nn::TokenBatch batch = small_batch();
  const nn::Index rows = batch.B * batch.T, layers = small_config().layers;
  const nn::Index wanted = std::count(batch.weights.begin(), batch.weights.end(), 1);
  CHECK(wanted < rows);
  CHECK(held(full) - held(model) ==
        ((layers - 1) * rows + wanted) * (2 * C + d_mlp) - layers * rows * 2 * r);
}

TEST_CASE("dropout is on the input of A only, in passes that carry a stream") {
  auto linear = std::make_unique<nn::Linear>(4, 7, 1, 1, "linear");
  lora::LoraSpec spec{2, 3};
  spec.dropout = 0.5;
  lora::LoraLinear layer(std::move(linear), spec, 1, "layer");
  const nn::Tensor x = nn::Random(3, "x").normal({5, 4}, 1);
  const auto forward = [&](const char* stream) {
    nn::Tape tape(autograd::TapeMode::values);
    nn::Random random(1, stream ? stream : "");
    const nn::Pass pass{tape, stream ? &random : nullptr};
    return nn::Matrix(layer.forward(pass, tape.constant(x)).value().m);
  };
  // With B at zero only dropout on the base's path could show.
  CHECK(same_bits(forward("a"), forward(nullptr)));
  layer.B.value = nn::Random(2, "B").normal(layer.B.value.shape, 1);
  CHECK_FALSE(same_bits(forward("a"), forward(nullptr)));
  CHECK(same_bits(forward("a"), forward("a")));
  CHECK_FALSE(same_bits(forward("a"), forward("b")));
  nn::Tape tape(autograd::TapeMode::values);
  nn::Random random(1, "a");
  const nn::Matrix dropped = nn::Matrix(autograd::dropout(tape.constant(x), 0.5, random).value().m);
  const nn::Matrix expected = forward(nullptr) + 1.5f * (dropped - x.m).eval() *
                                                     layer.A.value.m.transpose() *
                                                     layer.B.value.m.transpose();
  CHECK((forward("a") - expected).cwiseAbs().maxCoeff() < 1e-5f);
}

// dB = s dh (A (x ∘ m))ᵀ holds the mask m, though the output does not; and since the mean of m is
// 1, the mean of dB is what it is without dropout.
TEST_CASE("with B at zero dropout changes the gradient of B, though not on the mean") {
  auto linear = std::make_unique<nn::Linear>(4, 7, 1, 1, "linear");
  lora::LoraSpec spec{2, 3};
  spec.dropout = 0.5;
  lora::LoraLinear layer(std::move(linear), spec, 1, "layer");
  const nn::Tensor x = nn::Random(3, "x").normal({5, 4}, 1);
  const nn::Tensor dh = nn::Random(4, "dh").normal({5, 7}, 1);
  const auto gradient = [&](nn::Random* random) {
    if (!layer.B.grad.empty()) layer.B.grad.m.setZero();
    nn::Tape tape;
    tape.backward(layer.forward({tape, random}, tape.constant(x)), dh);
    return nn::Matrix(layer.B.grad.m);
  };
  const nn::Matrix plain = gradient(nullptr);
  nn::Random random(1, "masks");
  CHECK((gradient(&random) - plain).norm() > 0.1f * plain.norm());
  nn::Matrix sum = nn::Matrix::Zero(7, 2), signs = sum;
  const int draws = 4000;
  for (int i = 0; i < draws; ++i) {
    const nn::Matrix dB = gradient(&random);
    sum += dB;
    signs += dB.cwiseSign();
  }
  // A draw differs by about as much as it is, and √4000 = 63.
  CHECK((sum / draws - plain).norm() < 0.1f * plain.norm());
  // The mean of Adam's first step, the sign, is another than the sign of the mean.
  CHECK((signs / draws - plain.cwiseSign()).cwiseAbs().maxCoeff() > 0.2f);
}

TEST_CASE("the layer computes the paper's equation 3") {
  auto linear = std::make_unique<nn::Linear>(4, 7, 1, 1, "linear");
  linear->bias.value = nn::Random(4, "bias").normal({7}, 1);
  lora::LoraLinear layer(std::move(linear), {3, 8, lora::Scaling::alpha_over_sqrt_r}, 1, "layer");
  layer.B.value = nn::Random(2, "B").normal(layer.B.value.shape, 1);
  const nn::Tensor x = nn::Random(3, "x").normal({5, 4}, 1);
  nn::Tape tape(autograd::TapeMode::values);
  const nn::Matrix y = layer.forward({tape}, tape.constant(x)).value().m;
  for (nn::Index i = 0; i < 5; ++i) {
    for (nn::Index o = 0; o < 7; ++o) {
      double h = static_cast<double>(layer.base->bias.value.m.data()[o]);
      for (nn::Index j = 0; j < 4; ++j) {
        double w = static_cast<double>(layer.base->weight.value.m(o, j));
        for (nn::Index k = 0; k < 3; ++k)
          w += 8 / std::sqrt(3.0) * static_cast<double>(layer.B.value.m(o, k)) *
               static_cast<double>(layer.A.value.m(k, j));
        h += w * static_cast<double>(x.m(i, j));
      }
      CHECK(std::abs(static_cast<double>(y(i, o)) - h) < 1e-4);
    }
  }
}

// Node numbers stand on pages and in breakpoints: they must not depend on the order in which a
// compiler evaluates arguments.
TEST_CASE("the nodes of a layer are recorded in the order in which one reads it") {
  const auto recorded = [](auto& layer, nn::Index in) {
    nn::name_parameters(layer);
    nn::Tape tape;
    layer.forward({tape}, tape.constant(nn::Tensor({2, in})));
    std::vector<std::string> names;
    for (int id = 1; id < tape.size(); ++id) {
      const autograd::Node& node = tape.node(id);
      names.push_back(node.parameter ? node.parameter->name : node.op_name);
    }
    return names;
  };
  using Names = std::vector<std::string>;
  auto linear = std::make_unique<nn::Linear>(4, 7, 1, 1, "linear");
  CHECK(recorded(*linear, 4) == Names{"weight", "bias", "affine"});
  lora::LoraLinear adapted(std::move(linear), {2, 3}, 1, "layer");
  CHECK(recorded(adapted, 4) == Names{"base.weight", "base.bias", "affine", "lora_A", "matmul_nt",
                                      "scale", "lora_B", "add_matmul_nt"});
  nn::LayerNorm norm(4);
  CHECK(recorded(norm, 4) == Names{"weight", "bias", "layernorm"});
  lora::Lstm lstm(4, 3, false, 1, "lstm");
  const Names of_lstm = recorded(lstm, 4);
  CHECK(Names(of_lstm.begin(), of_lstm.begin() + 7) == Names{"input.weight", "input.bias", "affine",
                                                             "hidden.weight", "constant", "slice",
                                                             "add_matmul_nt"});
}

TEST_CASE("with A and B both at zero nothing ever moves") {
  Decoder model = adapted();
  for (const auto& [name, layer] : lora::lora_layers(model)) layer->A.value.m.setZero();
  const Snapshot before(model);
  nn::AdamW adam({{nn::trainable_parameters(model)}});
  for (int step = 0; step < 3; ++step) {
    adam.zero_grad();
    backward(model);
    adam.step(1e-2);
  }
  CHECK(Snapshot(model) == before);
  // Control: one of the two away from zero is enough.
  perturb_b(model);
  const Snapshot perturbed(model);
  adam.zero_grad();
  backward(model);
  adam.step(1e-2);
  CHECK_FALSE(Snapshot(model) == perturbed);
}

// ΔW = α/r B A is the same for α/(pq), p A and q B, and the gradients of the factors are 1/p and
// 1/q of what they were. To stay the same model, p A has to move by p times as much as A. Adam
// without ε does not see the size of gradients, so its rates are p lr and q lr; SGD does, so its
// are p² lr and q² lr. Powers of two round alike, so the same bits. B starts away from zero, where
// A's first step of Adam would be 0/0.
struct Traded {
  double p = 1, q = 1, lr_a = 1, lr_b = 1, decay_a = 0, decay_b = 0;
};

constexpr double never = 1e9;  // a norm to clip at that no gradient reaches

template <class MakeOptimizer>
static nn::Matrix trained(const Traded& by, double lr, const MakeOptimizer& optimizer_of,
                          double clip = never) {
  Decoder model = adapted(2, 4 / (by.p * by.q));
  perturb_b(model);
  nn::ParameterGroup a{{}, by.decay_a, by.lr_a}, b{{}, by.decay_b, by.lr_b};
  for (const auto& [name, layer] : lora::lora_layers(model)) {
    layer->A.value.m *= static_cast<float>(by.p);
    layer->B.value.m *= static_cast<float>(by.q);
    a.parameters.push_back(&layer->A);
    b.parameters.push_back(&layer->B);
  }
  auto optimizer = optimizer_of(std::vector<nn::ParameterGroup>{a, b});
  for (int step = 0; step < 10; ++step) {
    optimizer.zero_grad();
    backward(model);
    nn::clip_gradients(optimizer.parameters(), clip);
    optimizer.step(lr);
  }
  const nn::Matrix logits = logits_of_batch(model, small_batch());
  CHECK(logits.allFinite());
  return logits;
}

TEST_CASE("Adam: alpha can be traded for the sizes and learning rates of A and B") {
  const auto with = [](const Traded& by) {
    return trained(by, 1e-2, [](const auto& groups) {
      return nn::AdamW(groups, {0.9, 0.999, 1e-30});
    });
  };
  const nn::Matrix plain = with({});
  CHECK(same_bits(plain, with({4, 0.5, 4, 0.5})));
  CHECK(same_bits(plain, with({0.125, 2, 0.125, 2})));
  CHECK_FALSE(same_bits(plain, with({4, 0.5, 1, 1})));
  CHECK_FALSE(same_bits(plain, with({4, 0.5, 16, 0.25})));
}

TEST_CASE("the exchange of alpha asks weight decay to follow") {
  const auto adam = [](const Traded& by) {
    return trained(by, 1e-2, [](const auto& groups) {
      return nn::AdamW(groups, {0.9, 0.999, 1e-30});
    });
  };
  const nn::Matrix plain = adam({1, 1, 1, 1, 0.5, 0.5});
  CHECK(same_bits(plain, adam({4, 0.5, 4, 0.5, 0.5 / 4, 0.5 / 0.5})));
  CHECK_FALSE(same_bits(plain, adam({4, 0.5, 4, 0.5, 0.5, 0.5})));
  const auto sgd = [](const Traded& by) {
    return trained(by, 0.1, [](const auto& groups) { return nn::Sgd(groups, 0.9); });
  };
  const nn::Matrix by_sgd = sgd({1, 1, 1, 1, 0.5, 0.5});
  CHECK(same_bits(by_sgd, sgd({4, 0.5, 16, 0.25, 0.5 / 16, 0.5 / 0.25})));
  CHECK_FALSE(same_bits(by_sgd, sgd({4, 0.5, 16, 0.25, 0.5, 0.5})));
}

// The two factors' gradients are 1/p and 1/q of what they were, so their common norm is another.
TEST_CASE("the exchange of alpha does not survive clipping by a common norm") {
  const auto sgd = [](const Traded& by, double clip) {
    return trained(
        by, 0.1, [](const auto& groups) { return nn::Sgd(groups, 0.9); }, clip);
  };
  const Traded traded{4, 0.5, 16, 0.25};
  CHECK(same_bits(sgd({}, never), sgd(traded, never)));
  CHECK_FALSE(same_bits(sgd({}, never), sgd({}, 1e-3)));  // it does clip
  CHECK_FALSE(same_bits(sgd({}, 1e-3), sgd(traded, 1e-3)));
  CHECK((sgd({}, 1e-3) - sgd(traded, 1e-3)).norm() > 1e-4f);
}

TEST_CASE("SGD: alpha can be traded for the sizes and the squares of the rates of A and B") {
  const auto with = [](const Traded& by) {
    return trained(by, 0.1, [](const auto& groups) { return nn::Sgd(groups, 0.9); });
  };
  const nn::Matrix plain = with({});
  CHECK(same_bits(plain, with({4, 0.5, 16, 0.25})));
  CHECK(same_bits(plain, with({0.125, 2, 1.0 / 64, 4})));
  CHECK_FALSE(same_bits(plain, with({4, 0.5, 1, 1})));
  CHECK_FALSE(same_bits(plain, with({4, 0.5, 4, 0.5})));
}

}  // namespace training_test
