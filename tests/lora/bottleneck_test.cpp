#include "lora/methods/bottleneck.h"

#include <cmath>

#include "tests/lora/all_methods.h"

namespace bottleneck_test {

using lora::Bottleneck;
using nn::Index;

namespace {

double phi_of(Bottleneck::Phi phi, double x) {
  return phi == Bottleneck::Phi::relu ? std::max(x, 0.0) : x * std::erfc(-x / std::sqrt(2.0)) / 2;
}

// The formula of bottleneck.h in loops, for one row y of what the base gives.
std::vector<double> by_loops(const Bottleneck& layer, std::vector<double> y) {
  const Index out = layer.out_features(), m = layer.down.out_features();
  const auto at = [](const nn::Matrix& matrix, Index i, Index j) {
    return static_cast<double>(matrix(i, j));
  };
  std::vector<double> n = y;
  if (layer.norm) {
    double mean = 0, variance = 0;
    for (const double v : y) mean += v / static_cast<double>(out);
    for (const double v : y) variance += (v - mean) * (v - mean) / static_cast<double>(out);
    for (Index i = 0; i < out; ++i)
      n[static_cast<std::size_t>(i)] = (y[static_cast<std::size_t>(i)] - mean) /
                                           std::sqrt(variance + layer.norm->eps) *
                                           at(layer.norm->weight.value.m, 0, i) +
                                       at(layer.norm->bias.value.m, 0, i);
  }
  for (Index k = 0; k < m; ++k) {
    double z = at(layer.down.bias.value.m, 0, k);
    for (Index i = 0; i < out; ++i)
      z += at(layer.down.weight.value.m, k, i) * n[static_cast<std::size_t>(i)];
    for (Index i = 0; i < out; ++i)
      y[static_cast<std::size_t>(i)] += at(layer.up.weight.value.m, i, k) * phi_of(layer.phi, z);
  }
  for (Index i = 0; i < out; ++i) y[static_cast<std::size_t>(i)] += at(layer.up.bias.value.m, 0, i);
  return y;
}

nn::Matrix values(nn::Projection& layer, const nn::Tensor& x) {
  nn::Tape tape(autograd::TapeMode::values);
  return layer.forward({tape}, tape.constant(x)).value().m;
}

}  // namespace

TEST_CASE("an adapter is the formula above it, and starts as its base") {
  const nn::Tensor x = nn::Random(3, "x").normal({6, 5}, 1);
  for (const Bottleneck::Phi phi : {Bottleneck::Phi::gelu, Bottleneck::Phi::relu}) {
    for (const bool norm : {false, true}) {
      nn::Linear base(5, 4, 1, 1, "linear");
      const nn::Matrix y = values(base, x);
      Bottleneck layer(std::make_unique<nn::Linear>(5, 4, 1, 1, "linear"), 3, phi, norm, 1, "a");
      nn::name_parameters(layer);
      CHECK(same_bits(values(layer, x), y));
      perturb_trained(layer, 0.5);
      const nn::Matrix adapted = values(layer, x);
      for (Index i = 0; i < y.rows(); ++i) {
        const std::vector<double> row(y.row(i).begin(), y.row(i).end());
        const std::vector<double> wanted = by_loops(layer, row);
        for (Index j = 0; j < 4; ++j)
          CHECK(std::abs(static_cast<double>(adapted(i, j)) - wanted[static_cast<std::size_t>(j)]) <
                1e-5);
      }
      CHECK((adapted - y).cwiseAbs().maxCoeff() > 0.1f);
    }
  }
}

TEST_CASE("W_down has variance 1/out, and everything else of an adapter its neutral value") {
  Bottleneck layer(std::make_unique<nn::Linear>(5, 100, 1, 1, "linear"), 40, Bottleneck::Phi::relu,
                   true, 1, "a");
  // 4000 draws: a variance is known to 2.2 %, five of which are 11 %.
  CHECK(static_cast<double>(layer.down.weight.value.m.squaredNorm()) / 4000 ==
        doctest::Approx(0.01).epsilon(0.11));
  CHECK(layer.down.bias.value.m.isZero(0));
  CHECK(layer.up.weight.value.m.isZero(0));
  CHECK(layer.up.bias.value.m.isZero(0));
  CHECK(layer.norm->weight.value.m.isOnes(0));
  CHECK(layer.norm->bias.value.m.isZero(0));
}

TEST_CASE("adapters sit where their papers put them") {
  const auto at = [](std::unique_ptr<nn::Projection>& slot) {
    return dynamic_cast<Bottleneck*>(slot.get());
  };
  nn::Decoder h = wrapped({"adapter-h", 2}), l = wrapped({"adapter-l", 2});
  for (const auto& block : h.blocks) {
    for (auto* slot : {&block->attn.o, &block->mlp.down}) {
      REQUIRE(at(*slot));
      CHECK_FALSE(at(*slot)->norm);
      CHECK(at(*slot)->phi == Bottleneck::Phi::gelu);
    }
    for (auto* slot : {&block->attn.q, &block->attn.k, &block->attn.v, &block->mlp.up})
      CHECK_FALSE(at(*slot));
  }
  for (const auto& block : l.blocks) {
    REQUIRE(at(block->mlp.down));
    CHECK(at(block->mlp.down)->norm);
    CHECK(at(block->mlp.down)->phi == Bottleneck::Phi::relu);
    for (auto* slot :
         {&block->attn.q, &block->attn.k, &block->attn.v, &block->attn.o, &block->mlp.up})
      CHECK_FALSE(at(*slot));
  }
}

}  // namespace bottleneck_test
