#include <doctest/doctest.h>

#include <array>

#include "autograd/ops.h"
#include "autograd/random.h"
#include "autograd/tape.h"

// What no backward reads need not outlast the forward pass: Tape::hand_on_unread, and the ops that
// say what they read.

using namespace autograd;

namespace {

Parameter make(const char* name, Shape shape, bool trainable) {
  return {name, Random(2, name).normal(shape, 1), {}, trainable};
}

bool is_there(const Var& var) { return var.tape->node(var.id).value != nullptr; }

Index bytes(Index elements) { return elements * static_cast<Index>(sizeof(Scalar)); }

// A part of a model as LoRA leaves it: y = x + gelu(x aᵀ) wᵀ + b.
struct Part {
  Parameter a, w, b;
  Tensor input = Random(2, "x").normal({5, 6}, 1);
  Var x, product, gelu, affine, y;

  Part(bool a_trains, bool w_trains)
      : a(make("a", {8, 6}, a_trains)), w(make("w", {6, 8}, w_trains)), b(make("b", {6}, false)) {}

  void record(Tape& tape) {
    x = tape.constant(input);
    product = matmul_nt(x, tape.parameter(a));
    gelu = autograd::gelu(product, Gelu::erf);
    affine = autograd::affine(gelu, tape.parameter(w), tape.parameter(b));
    y = add(affine, x);
    tape.hand_on_unread(0, y);
  }
};

// y = x ∘ x, whose backward reads x and does not say so.
struct Silent final : Op {
  const char* name() const override { return "silent"; }
  bool reads_in(const Context&, int) const override { return false; }
  bool reads_out() const override { return false; }
  void forward(Context& ctx) override { ctx.out() = ctx.in(0).cwiseProduct(ctx.in(0)); }
  void backward(Context& ctx) override {
    if (Gradient dx = ctx.sum_if_needed(0)) dx += 2 * ctx.dout().cwiseProduct(ctx.in(0));
  }
};

}  // namespace

TEST_CASE("a value that no backward reads is handed on") {
  for (const Record record : {Record::everything, Record::training, Record::values}) {
    Part part(true, false);
    Tape tape(record);
    part.record(tape);
    const bool all = record == Record::everything;
    CHECK(is_there(part.product) == (record != Record::values));  // gelu's backward reads it
    CHECK(is_there(part.gelu) == all);                            // only w's gradient would
    CHECK(is_there(part.affine) == all);                          // a sum reads nothing
    CHECK(is_there(part.y));                                      // the result
    CHECK(is_there(part.x));                                      // leaves stay
    CHECK(is_there(tape.parameter(part.w)));
    if (all) continue;
    CHECK_THROWS_WITH_AS(part.affine.value(), "the value of node 6 was handed on",
                         std::logic_error);
    const int size = tape.size();
    CHECK_THROWS_WITH_AS(scale(part.affine, 2), "the value of node 6 was handed on",
                         std::logic_error);
    CHECK_THROWS_WITH_AS(
        tape.record(std::make_unique<Silent>(), std::array{part.affine}, part.y.shape()),
        "silent: the value of node 6 was handed on", std::logic_error);
    CHECK_THROWS_WITH_AS(tape.hand_on_unread(0, Var()),
                         "hand_on_unread: an input is on another tape", std::logic_error);
    CHECK(tape.size() == size);
  }
}

TEST_CASE("what trains decides what is read") {
  Part part(true, true), only_w(false, true);
  Tape tape(Record::training), second(Record::training);
  part.record(tape);
  CHECK(is_there(part.product));
  CHECK(is_there(part.gelu));
  CHECK_FALSE(is_there(part.affine));
  only_w.record(second);
  CHECK_FALSE(is_there(only_w.product));  // gelu has no backward
  CHECK(is_there(only_w.gelu));
}

TEST_CASE("the same gradients, bit for bit, whatever is handed on") {
  for (const unsigned trains : {1u, 2u, 3u}) {
    Part kept(trains & 1, trains & 2), handed_on(trains & 1, trains & 2);
    Tape everything, training(Record::training);
    kept.record(everything);
    everything.backward(sum(kept.y));
    handed_on.record(training);
    training.backward(sum(handed_on.y));
    CHECK(kept.a.grad.m == handed_on.a.grad.m);
    CHECK(kept.w.grad.m == handed_on.w.grad.m);
    CHECK(kept.a.grad.m.norm() + kept.w.grad.m.norm() > 0);
    CHECK(training.stats().bytes.activations < everything.stats().bytes.activations);
  }
}

TEST_CASE("an op that reads what it did not name is found") {
  Parameter p = make("p", {3, 2}, true);
  for (const bool hand_on : {false, true}) {
    Tape tape(Record::training);
    const Var x = scale(tape.parameter(p), 1);
    const Var y = tape.record(std::make_unique<Silent>(), std::array{x}, x.shape());
    if (hand_on) tape.hand_on_unread(0, y);
    if (hand_on)
      CHECK_THROWS_WITH_AS(tape.backward(sum(y)), "silent reads its input 0, which was handed on",
                           std::logic_error);
    else
      CHECK_NOTHROW(tape.backward(sum(y)));
  }
}

TEST_CASE("a gradient lies in the memory of a value that is read for the last time") {
  constexpr Index M = 4, V = 7;
  Parameter p = make("p", {M, V}, true);
  const auto run = [&](Tape& tape, bool read_twice) {
    p.grad = Tensor();
    CrossEntropySpec spec;
    spec.targets = {1, 6, 0, 2};
    spec.weights = {1, 0, 2, 1};  // a row without weight has a gradient of zero
    const Var logits = scale(tape.parameter(p), 1);
    Var loss = cross_entropy(logits, spec);
    if (read_twice) loss = add(loss, sum(multiply(logits, logits)));
    tape.backward(loss);
    return p.grad.m;
  };
  for (const bool read_twice : {false, true}) {
    Tape everything, training(Record::training);
    CHECK(run(everything, read_twice) == run(training, read_twice));
  }
  // The logits, the logarithms of the sums; loss and its gradient. No gradient of the logits.
  Tape training(Record::training), everything;
  run(training, false);
  CHECK(training.stats().bytes.activations == bytes(M * V + M + 2));
  run(everything, false);
  CHECK(everything.stats().bytes.activations == bytes(2 * M * V + M + 2));
  CHECK(p.grad.m.row(1).isZero(0));
  CHECK_FALSE(p.grad.m.row(2).isZero(0));
}
