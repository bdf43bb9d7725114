#include <doctest/doctest.h>

#include <array>

#include "autograd/dump.h"
#include "autograd/ops.h"
#include "autograd/random.h"
#include "autograd/tape.h"

namespace tape_release_test {

// What no backward reads need not outlast the forward pass: Tape::release_unsaved, and the ops that
// say in forward what they save.

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
    tape.release_unsaved(0, y);
  }
};

// y = 2 x, which may be told to read in backward what forward did not save.
struct Forgetful final : Op {
  enum Reads { nothing, input, result } reads;
  explicit Forgetful(Reads what) : reads(what) {}
  const char* name() const override { return "forgetful"; }
  void forward(Context& ctx) override { ctx.out() = 2 * ctx.in(0); }
  void backward(Context& ctx) override {
    if (reads == input) ctx.in(0);
    if (reads == result) ctx.out();
    ctx.grad(0) += 2 * ctx.dout();
  }
};

}  // namespace

TEST_CASE("a value that no backward saved is released") {
  for (const TapeMode mode : {TapeMode::everything, TapeMode::training, TapeMode::values}) {
    Part part(true, false);
    Tape tape(mode);
    part.record(tape);
    const bool all = mode == TapeMode::everything;
    CHECK(is_there(part.product) == (mode != TapeMode::values));  // gelu's backward reads it
    CHECK(is_there(part.gelu) == all);                            // only w's gradient would
    CHECK(is_there(part.affine) == all);                          // a sum reads nothing
    CHECK(is_there(part.y));                                      // the result
    CHECK(is_there(part.x));                                      // leaves stay
    CHECK(is_there(tape.parameter(part.w)));
    if (all) continue;
    CHECK_THROWS_WITH_AS(part.affine.value(), "the value of node 6 was released", std::logic_error);
    const int size = tape.size();
    CHECK_THROWS_WITH_AS(scale(part.affine, 2), "scale: the value of node 6 was released",
                         std::logic_error);
    CHECK_THROWS_WITH_AS(tape.record(std::make_unique<Forgetful>(Forgetful::nothing),
                                     std::array{part.affine}, part.y.shape()),
                         "forgetful: the value of node 6 was released", std::logic_error);
    CHECK_THROWS_WITH_AS(tape.release_unsaved(0, Var()),
                         "release_unsaved: an input is on another tape", std::logic_error);
    CHECK_THROWS_WITH_AS(tape.release_unsaved(-1, part.y), "release_unsaved: no node -1 among 8",
                         std::logic_error);
    CHECK(part.affine.shape() == Shape{5, 6});  // the shape of a released value is still known
    CHECK(tape.size() == size);
  }
}

TEST_CASE("what trains decides what is saved") {
  Part part(true, true), only_w(false, true);
  Tape tape(TapeMode::training), second(TapeMode::training);
  part.record(tape);
  CHECK(is_there(part.product));
  CHECK(is_there(part.gelu));
  CHECK_FALSE(is_there(part.affine));
  only_w.record(second);
  CHECK_FALSE(is_there(only_w.product));  // gelu has no backward
  CHECK(is_there(only_w.gelu));
}

TEST_CASE("the same gradients, bit for bit, whatever is released") {
  for (const unsigned trains : {1u, 2u, 3u}) {
    Part kept(trains & 1, trains & 2), released(trains & 1, trains & 2);
    Tape everything, training(TapeMode::training);
    kept.record(everything);
    everything.backward(sum(kept.y));
    released.record(training);
    training.backward(sum(released.y));
    CHECK(kept.a.grad.m == released.a.grad.m);
    CHECK(kept.w.grad.m == released.w.grad.m);
    CHECK(kept.a.grad.m.norm() + kept.w.grad.m.norm() > 0);
    CHECK(training.stats().bytes.activations < everything.stats().bytes.activations);
  }
}

TEST_CASE("an op that reads what it did not save is found, on every tape") {
  Parameter p = make("p", {3, 2}, true);
  for (const TapeMode mode : {TapeMode::everything, TapeMode::training})
    for (const auto reads : {Forgetful::nothing, Forgetful::input, Forgetful::result}) {
      Tape tape(mode);
      const Var x = scale(tape.parameter(p), 1);
      const Var y = sum(tape.record(std::make_unique<Forgetful>(reads), std::array{x}, x.shape()));
      if (reads == Forgetful::nothing) CHECK_NOTHROW(tape.backward(y));
      if (reads == Forgetful::input)
        CHECK_THROWS_WITH_AS(tape.backward(y),
                             "forgetful reads its input 0, which its forward did not save",
                             std::logic_error);
      if (reads == Forgetful::result)
        CHECK_THROWS_WITH_AS(tape.backward(y),
                             "forgetful reads its result, which its forward did not save",
                             std::logic_error);
    }
}

TEST_CASE("a forward that throws leaves nothing behind") {
  struct Throws final : Op {
    const char* name() const override { return "throws"; }
    void forward(Context& ctx) override {
      ctx.keep(Shape{2, 2}), ctx.scratch(Shape{2, 2});
      throw std::runtime_error("forward failed");
    }
    void backward(Context&) override {}
  };
  Parameter p = make("p", {3, 2}, true);
  Tape tape;
  const Var x = tape.parameter(p);
  for (int i = 0; i < 2; ++i) {
    CHECK_THROWS_WITH(tape.record(std::make_unique<Throws>(), std::array{x}, x.shape()),
                      "forward failed");
    CHECK(tape.size() == 1);
    CHECK(tape.allocations() == 3);  // the second time from the memory of the first
  }
  CHECK(dump(tape).find("throws") == std::string::npos);
  tape.backward(sum(multiply(x, x)));
  CHECK(p.grad.m == 2 * p.value.m);
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
    Tape everything, training(TapeMode::training);
    CHECK(run(everything, read_twice) == run(training, read_twice));
  }
  // The logits, the maxima and logarithms of the sums; loss and its gradient. No gradient of the
  // logits.
  Tape training(TapeMode::training), everything;
  run(training, false);
  CHECK(training.stats().bytes.activations == bytes(M * V + 2 * M + 2));
  run(everything, false);
  CHECK(everything.stats().bytes.activations == bytes(2 * M * V + 2 * M + 2));
  CHECK(p.grad.m.row(1).isZero(0));
  CHECK_FALSE(p.grad.m.row(2).isZero(0));
}

}  // namespace tape_release_test
