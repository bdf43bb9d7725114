#include <doctest/doctest.h>

#include <cstring>

#include "autograd/ops.h"
#include "autograd/random.h"
#include "autograd/tape.h"

namespace tape_freezing_test {

// Freezing is structural: what is frozen has no gradient tensor, and nothing is recorded or
// computed for it.

using namespace autograd;

namespace {

constexpr Index M = 5, K = 4, H = 6, N = 3;

// Two layers: y = tanh(x w1ᵀ + b1) w2ᵀ, loss = Σ y.
struct Model {
  Parameter w1 = make("w1", {H, K}), b1 = make("b1", {H}), w2 = make("w2", {N, H});
  Tensor x = Random(6, "inputs").normal({M, K}, 1);

  static Parameter make(const char* name, Shape shape) {
    return {name, Random(6, name).normal(shape, 1), {}, true};
  }
  Var loss(Tape& tape) {
    const Var h = tanh(affine(tape.constant(x), tape.parameter(w1), tape.parameter(b1)));
    return sum(matmul_nt(h, tape.parameter(w2)));
  }
};

double flops(Index m, Index n, Index k) {
  return 2 * static_cast<double>(m) * static_cast<double>(n) * static_cast<double>(k);
}

Index bytes(Index elements) { return elements * static_cast<Index>(sizeof(Scalar)); }

bool same_bytes(const Tensor& a, const Tensor& b) {
  return a.size() == b.size() &&
         std::memcmp(a.m.data(), b.m.data(), static_cast<std::size_t>(a.bytes())) == 0;
}

}  // namespace

TEST_CASE("stats of two trainable layers, by formula") {
  Model model;
  Tape tape;
  const Var loss = model.loss(tape);
  const double forward = flops(M, H, K) + flops(M, N, H);
  CHECK(tape.stats().nodes == 8);  // x, w1, b1, w2; affine, tanh, matmul_nt, sum
  CHECK(tape.stats().ops == 4);
  CHECK(tape.stats().gemm_flops == forward);
  CHECK(tape.stats().bytes.gradients == 0);
  tape.backward(loss);
  // dw1 but no dx, since x is a constant; dh and dw2
  CHECK(tape.stats().gemm_flops == forward + flops(M, H, K) + 2 * flops(M, N, H));
  const Stats::Bytes size = tape.stats().bytes;
  CHECK(size.frozen == 0);
  CHECK(size.trainable == bytes(H * K + H + N * H));
  CHECK(size.gradients == size.trainable);
  CHECK(size.optimizer == 0);
  // x; values and gradients of affine, tanh, matmul_nt and sum
  CHECK(size.activations == bytes(M * K + 2 * (2 * M * H + M * N + 1)));
}

TEST_CASE("a frozen first layer is neither recorded nor differentiated") {
  Model model;
  model.w1.trainable = model.b1.trainable = false;
  const Tensor w1 = model.w1.value, b1 = model.b1.value, w2 = model.w2.value;
  Tape tape;
  const Var loss = model.loss(tape);
  CHECK(tape.stats().nodes == 8);
  CHECK(tape.stats().ops == 2);  // matmul_nt and sum
  for (NodeId id = 0; id < tape.size(); ++id) {
    const Node& node = tape.node(id);
    CHECK((node.op != nullptr) == (node.needs_grad && !node.inputs.empty()));
    if (!node.needs_grad) CHECK(node.kept.empty());
  }
  const double forward = flops(M, H, K) + flops(M, N, H);
  tape.backward(loss);
  CHECK(tape.stats().gemm_flops == forward + flops(M, N, H));  // dw2 alone
  CHECK(tape.stats().bytes.frozen == bytes(H * K + H));
  CHECK(tape.stats().bytes.trainable == bytes(N * H));
  CHECK(tape.stats().bytes.gradients == bytes(N * H));
  for (NodeId id = 0; id < tape.size(); ++id)
    if (!tape.node(id).needs_grad) CHECK(tape.node(id).grad == nullptr);
  CHECK(model.w1.grad.empty());
  CHECK(model.b1.grad.empty());
  CHECK(model.w2.grad.m.norm() > 0);
  CHECK(same_bytes(model.w1.value, w1));
  CHECK(same_bytes(model.b1.value, b1));
  CHECK(same_bytes(model.w2.value, w2));
}

TEST_CASE("a frozen last layer passes the gradient on and gets none") {
  Model all, frozen;
  frozen.w2.trainable = false;
  Tape a, b;
  a.backward(all.loss(a));
  b.backward(frozen.loss(b));
  CHECK(frozen.w2.grad.empty());
  CHECK(same_bytes(frozen.w1.grad, all.w1.grad));
  CHECK(same_bytes(frozen.b1.grad, all.b1.grad));
  CHECK(a.stats().gemm_flops - b.stats().gemm_flops == flops(M, N, H));  // no dw2
}

TEST_CASE("TapeMode::values keeps no op, and what ops saved is used again") {
  Model model;
  Parameter norm_weight = Model::make("norm", {H}), norm_bias = Model::make("bias", {H});
  const auto forward = [&](Tape& tape) {
    const Var h =
        affine(tape.constant(model.x), tape.parameter(model.w1), tape.parameter(model.b1));
    return layernorm(h, tape.parameter(norm_weight), tape.parameter(norm_bias));
  };
  Tape values(TapeMode::values), everything;
  const Var y = forward(values);
  CHECK(values.stats().ops == 0);
  for (NodeId id = 0; id < values.size(); ++id) {
    CHECK(values.node(id).op == nullptr);
    CHECK(values.node(id).kept.empty());
    CHECK_FALSE(values.node(id).needs_grad);
  }
  CHECK(same_bytes(y.value(), forward(everything).value()));
  CHECK(values.stats().bytes.trainable == everything.stats().bytes.trainable);
  const long before = values.allocations();
  layernorm(y, values.parameter(norm_weight), values.parameter(norm_bias));
  CHECK(values.allocations() == before + 1);  // the result: mean and rstd were there
}

TEST_CASE("TapeMode::training computes the same bits in less memory") {
  Model kept, released;
  const auto deep = [](Model& model, Tape& tape) {
    Var h =
        tanh(affine(tape.constant(model.x), tape.parameter(model.w1), tape.parameter(model.b1)));
    for (int i = 0; i < 20; ++i) h = gelu(add(h, scale(tanh(h), 0.5)), Gelu::tanh);
    return sum(matmul_nt(h, tape.parameter(model.w2)));
  };
  Tape everything(TapeMode::everything), training(TapeMode::training);
  everything.backward(deep(kept, everything));
  training.backward(deep(released, training));
  CHECK(same_bytes(kept.w1.grad, released.w1.grad));
  CHECK(same_bytes(kept.b1.grad, released.b1.grad));
  CHECK(same_bytes(kept.w2.grad, released.w2.grad));
  CHECK(kept.w1.grad.m.norm() > 0);
  CHECK(training.stats().gemm_flops == everything.stats().gemm_flops);
  CHECK(training.stats().bytes.activations < 0.6 * double(everything.stats().bytes.activations));
}

}  // namespace tape_freezing_test
