#include <doctest/doctest.h>

#include <cmath>
#include <limits>

#include "lora/merge.h"
#include "nn/optimizer.h"
#include "tests/lora/small_model.h"

namespace merge_test {

using lora::LoraLinear;

namespace {

/// One layer (out 7, in 4) with B away from zero.
LoraLinear layer_of(double alpha = 3) {
  auto linear = std::make_unique<nn::Linear>(4, 7, 0.5, 1, "linear");
  LoraLinear layer(std::move(linear), {2, alpha}, 1, "layer");
  layer.B.value = nn::Random(2, "B").normal(layer.B.value.shape, 0.3);
  nn::name_parameters(layer);
  return layer;
}

const float infinity = std::numeric_limits<float>::infinity();

}  // namespace

TEST_CASE("merged equals unmerged and differs from the base") {
  nn::Decoder model(small_config(), 1), base(small_config(), 1);
  lora::inject(model, everywhere(), 5);
  perturb_b(model);
  const nn::Matrix unmerged = logits_of_batch(model, small_batch());
  const nn::Matrix plain = logits_of_batch(base, small_batch());
  lora::merge(model);
  const nn::Matrix merged = logits_of_batch(model, small_batch());
  // Two dozen products of sums of seven terms near 1, each rounded to 6e-8.
  CHECK((merged - unmerged).cwiseAbs().maxCoeff() < 1e-5f);
  CHECK((merged - plain).cwiseAbs().maxCoeff() > 1e-2f);
  lora::unwrap(model);
  CHECK(same_bits(logits_of_batch(model, small_batch()), merged));
}

TEST_CASE("merging and unmerging restores the model bit for bit, a hundred times") {
  nn::Decoder model(small_config(), 1);
  lora::inject(model, everywhere(), 5);
  perturb_b(model);
  const Snapshot before(model);
  const nn::Matrix logits = logits_of_batch(model, small_batch());
  for (int i = 0; i < 100; ++i) {
    lora::merge(model);
    if (i == 0) CHECK_FALSE(Snapshot(model) == before);
    lora::unmerge(model);
  }
  CHECK(Snapshot(model) == before);
  CHECK(same_bits(logits_of_batch(model, small_batch()), logits));
}

TEST_CASE("the verbs refuse a second time and change nothing") {
  nn::Decoder model(small_config(), 1);
  lora::inject(model, everywhere(), 5);
  perturb_b(model);
  const Snapshot unmerged(model);
  CHECK(message_of<std::logic_error>([&] { lora::unmerge(model); }) ==
        "blocks.0.attn.q is not merged");
  CHECK(Snapshot(model) == unmerged);
  lora::merge(model);
  const Snapshot merged(model);
  CHECK(message_of<std::logic_error>([&] { lora::merge(model); }) ==
        "blocks.0.attn.q is merged already");
  CHECK(Snapshot(model) == merged);

  // One layer of many is in the other state.
  const auto layers = lora::lora_layers(model);
  layers.back().second->unmerge();
  const Snapshot mixed(model);
  CHECK_THROWS_AS(lora::merge(model), std::logic_error);
  CHECK_THROWS_AS(lora::unmerge(model), std::logic_error);
  CHECK(Snapshot(model) == mixed);
  layers.front().second->unmerge();
  const Snapshot other(model);
  CHECK_THROWS_AS(lora::merge(model), std::logic_error);
  CHECK(Snapshot(model) == other);

  LoraLinear alone = layer_of();
  CHECK_THROWS_AS(alone.unmerge(), std::logic_error);
  alone.merge();
  CHECK(alone.merged());
  CHECK_THROWS_AS(alone.merge(), std::logic_error);
}

TEST_CASE("the merged weight is the exact one rounded once, and the error says how far that is") {
  LoraLinear layer = layer_of();
  const nn::Matrix w0 = layer.w0().m;
  const double s = 3.0 / 2;
  Eigen::MatrixXd exact = w0.cast<double>();
  for (nn::Index i = 0; i < 7; ++i)
    for (nn::Index j = 0; j < 4; ++j)
      for (nn::Index k = 0; k < 2; ++k)
        exact(i, j) += s * static_cast<double>(layer.B.value.m(i, k)) *
                       static_cast<double>(layer.A.value.m(k, j));
  const lora::MergeError error = layer.merge();
  const Eigen::ArrayXXd off = (layer.base->weight.value.m.cast<double>() - exact).array().abs();
  CHECK(std::abs(error.absolute - off.maxCoeff()) < 1e-14);
  CHECK(std::abs(error.relative - (off / exact.array().abs()).maxCoeff()) < 1e-12);
  CHECK(error.absolute > 0);
  CHECK(error.relative <= 0x1p-24);  // half a unit in the last place
  CHECK(same_bits(layer.base->weight.value.m, exact.cast<float>()));
  CHECK(same_bits(layer.w0().m, w0));

  // The model's error is the largest of its layers'.
  nn::Decoder model(small_config(), 1);
  lora::inject(model, everywhere(), 5);
  perturb_b(model);
  const lora::MergeError all = lora::merge(model);
  lora::unmerge(model);
  lora::MergeError largest;
  for (const auto& [name, one] : lora::lora_layers(model)) {
    const lora::MergeError e = one->merge();
    largest.absolute = std::max(largest.absolute, e.absolute);
    largest.relative = std::max(largest.relative, e.relative);
  }
  CHECK(all.absolute == largest.absolute);
  CHECK(all.relative == largest.relative);
}

TEST_CASE("a merge that is not finite is refused before anything changes, in whatever layer") {
  for (const float bad : {infinity, std::numeric_limits<float>::quiet_NaN()}) {
    nn::Decoder model(small_config(), 1);
    lora::inject(model, everywhere(), 5);
    perturb_b(model);
    lora::lora_layers(model)[1].second->B.value.m(0, 0) = bad;
    const Snapshot before(model);
    CHECK(message_of<lora::NonFiniteMerge>([&] { lora::merge(model); }) ==
          "merging blocks.0.attn.k would give a weight that is not finite");
    CHECK(Snapshot(model) == before);
    for (const auto& [name, layer] : lora::lora_layers(model)) CHECK_FALSE(layer->merged());
  }
  // Finite factors whose product is beyond float.
  LoraLinear layer = layer_of(1e30);
  layer.B.value.m.setConstant(1e30f);
  const nn::Matrix w0 = layer.w0().m;
  CHECK_THROWS_AS(layer.merge(), lora::NonFiniteMerge);
  CHECK(same_bits(layer.base->weight.value.m, w0));
}

TEST_CASE("a model without LoRA layers has nothing to merge") {
  nn::Decoder model(small_config(), 1);
  CHECK_THROWS_WITH_AS(lora::merge(model), "the model has no LoRA layers", std::logic_error);
  CHECK_THROWS_AS(lora::unmerge(model), std::logic_error);
}

TEST_CASE("who writes a weight between forward and backward is found") {
  nn::Decoder model(small_config(), 1);
  lora::inject(model, everywhere(), 5);
  perturb_b(model);
  nn::AdamW adam({{nn::parameters(model)}});
  const auto between = [&](const auto& write) {
    adam.zero_grad();
    nn::Tape tape;
    const nn::Var loss = nn::token_loss({tape}, model, small_batch());
    write();
    return message_of<std::logic_error>([&] { tape.backward(loss); });
  };
  CHECK(between([] {}) == "");
  adam.zero_grad();
  nn::Tape first;
  first.backward(nn::token_loss({first}, model, small_batch()));
  CHECK(between([&] {
          nn::Tape again;
          again.backward(nn::token_loss({again}, model, small_batch()));
          adam.step(0.1);
        }).find("which was changed after the forward: its version is") != std::string::npos);
  const std::string merged = between([&] { lora::merge(model); });
  CHECK(merged.find("base.weight, which was changed after the forward") != std::string::npos);
  // Under a merged model nothing trains, so a backward cannot meet an unmerge: its version says so.
  const nn::Parameter& weight = lora::lora_layers(model).front().second->base->weight;
  const long version = weight.version;
  lora::unmerge(model);
  CHECK(weight.version == version + 1);
}

}  // namespace merge_test
