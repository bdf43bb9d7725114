#include <doctest/doctest.h>

#include <initializer_list>
#include <set>

#ifdef _OPENMP
#include <omp.h>
#endif

#include "autograd/ops.h"
#include "autograd/random.h"
#include "autograd/tape.h"

namespace tape_memory_test {

using namespace autograd;

namespace {

constexpr Index B = 4, T = 40, C = 48, V = 64;

// One transformer-like step that passes through every kind of memory: kept tensors, scratch, shapes
// of equal and of different size.
struct Model {
  std::vector<Parameter> weights;
  std::vector<int> ids;

  Model() {
    const auto make = [&](const char* name, Shape shape) {
      weights.push_back({name, Random(1, name).normal(shape, 0.1), {}, true});
    };
    make("tok", {V, C});
    make("norm", {C});
    make("bias", {C});
    for (const char* name : {"q", "k", "v"}) make(name, {C, C});
    make("up", {4 * C, C});
    make("up bias", {4 * C});
    make("down", {C, 4 * C});
    Random random(1, "ids");
    for (Index i = 0; i < B * T; ++i) ids.push_back(static_cast<int>(random.below(V)));
  }

  Var loss(Tape& tape, Random& random) {
    const auto w = [&](std::size_t i) { return tape.parameter(weights[i]); };
    const Var x = reshape(take_rows(w(0), ids), Shape{B, T, C});
    const Var n = layernorm(x, w(1), w(2));
    const Var a = attention(matmul_nt(n, w(3)), matmul_nt(n, w(4)), matmul_nt(n, w(5)),
                            {.heads = 4, .causal = true, .key_mask = {}});
    const Var h = add(x, dropout(a, 0.1, random));
    const Var m = add(h, matmul_nt(gelu(affine(h, w(6), w(7))), w(8)));
    CrossEntropySpec spec;
    spec.targets = ids;
    return cross_entropy(matmul_nt(m, w(0)), std::move(spec));
  }

  void step(Tape& tape) {
    Random random(1, "dropout");
    tape.clear();
    tape.backward(loss(tape, random));
  }
};

// Where the elements of every value and gradient on the tape lie
std::set<const Scalar*> places(const Tape& tape) {
  std::set<const Scalar*> found;
  for (NodeId id = 0; id < tape.size(); ++id) {
    const Node& node = tape.node(id);
    if (node.value) found.insert(node.value->m.data());
    if (node.grad) found.insert(node.grad->m.data());
    for (const Tensor* kept : node.kept) found.insert(kept->m.data());
  }
  return found;
}

}  // namespace

TEST_CASE("after the first step a training loop allocates no tensors") {
  for (const TapeMode mode : {TapeMode::everything, TapeMode::training}) {
    Model model;
    Tape tape(mode);
    model.step(tape);
    const long allocations = tape.allocations();
    const Index bytes = tape.stats().bytes.activations;
    CHECK(allocations > 20);
    std::set<const Scalar*> gradients;
    for (const Parameter& p : model.weights) gradients.insert(p.grad.m.data());
    model.step(tape);
    const std::set<const Scalar*> second = places(tape);
    for (int i = 0; i < 3; ++i) model.step(tape);
    CHECK(tape.allocations() == allocations);
    CHECK(tape.stats().bytes.activations == bytes);
    for (const Parameter& p : model.weights) CHECK(gradients.count(p.grad.m.data()) == 1);
    // The counter could be wrong: nothing that a step can still show lies in new memory.
    if (mode == TapeMode::everything) CHECK(places(tape) == second);
  }
}

TEST_CASE("a gradient that was zeroed is empty until something flows back, and keeps its memory") {
  Parameter w{"w", Tensor({2, 3}), {}, true}, u{"u", Tensor({2, 3}), {}, true};
  Tape tape;
  const auto backward = [&](std::initializer_list<Parameter*> used) {
    tape.clear();
    for (Parameter* p : used) tape.backward(sum(tape.parameter(*p))), tape.clear();
  };
  w.zero_grad();  // nothing to zero
  CHECK(w.grad.empty());
  backward({&w, &u});
  const Scalar *of_w = w.grad.m.data(), *of_u = u.grad.m.data();
  w.zero_grad(), u.zero_grad();
  w.zero_grad();  // a second time loses nothing
  CHECK(w.grad.empty());
  backward({&w, &w});  // two that are added up
  CHECK((w.grad.m.array() == 2).all());
  CHECK(w.grad.shape == Shape{2, 3});
  CHECK(w.grad.m.data() == of_w);
  CHECK(u.grad.empty());
  backward({&u});
  CHECK((u.grad.m.array() == 1).all());
  CHECK(u.grad.m.data() == of_u);
  // A value of another shape does not get the old memory.
  w.zero_grad();
  w.value = Tensor({3, 2});
  backward({&w});
  CHECK(w.grad.shape == Shape{3, 2});
  w.free_grad();
  CHECK(w.grad.bytes() + w.spare.bytes() == 0);
  w.value = Tensor(Shape());  // a scalar, whose shape is an empty tensor's
  backward({&w});
  CHECK(w.grad.item() == 1);
}

TEST_CASE("the memory of a gradient is counted, also while it is zeroed") {
  Parameter w{"w", Tensor({2, 3}), {}, true};
  Tape tape;
  const Var v = tape.parameter(w);
  CHECK(tape.stats().bytes.gradients == 0);
  tape.backward(sum(v));
  CHECK(v.grad().m == w.grad.m);
  w.zero_grad();
  CHECK_THROWS_WITH_AS(v.grad(), "node 0 has no gradient", std::logic_error);
  CHECK(tape.stats().bytes.gradients == w.value.bytes());
}

TEST_CASE("a larger step allocates, and the counter sees it") {
  Tape tape;
  for (const Index n : {3, 4}) {
    const long before = tape.allocations();
    tape.clear();
    scale(tape.constant(Tensor(Shape{n})), 2);
    CHECK(tape.allocations() == before + 2);
  }
  tape.clear();
  const long before = tape.allocations();
  const Var y = scale(tape.constant(Tensor(Shape{2, 2})), 2);  // the memory of two of shape (4)
  CHECK(tape.allocations() == before);
  CHECK(y.shape() == Shape{2, 2});
}

TEST_CASE("steps of many sizes take the memory of one") {
  for (const TapeMode mode : {TapeMode::everything, TapeMode::training, TapeMode::values}) {
    Tape tape(mode);
    const auto step = [&](Index n) {
      tape.clear();
      scale(scale(tape.constant(Tensor(Shape{n})), 2), 3);
      return tape.stats().bytes.activations;
    };
    const Index of_largest = step(50);
    CHECK(of_largest > 0);
    for (Index n = 10; n < 50; ++n) CHECK(step(n) < of_largest);
    CHECK(step(50) == of_largest);
    const long allocations = tape.allocations();
    CHECK(step(50) == of_largest);
    CHECK(tape.allocations() == allocations);  // control: of one size nothing is freed
  }
}

#ifdef _OPENMP
TEST_CASE("one thread and two compute the same bits") {
  const int threads = omp_get_max_threads();
  const auto gradients = [](int count) {
    omp_set_num_threads(count);
    Model model;
    Tape tape;
    model.step(tape);
    model.step(tape);
    std::vector<Matrix> all;
    for (NodeId id = 0; id < tape.size(); ++id) all.push_back(tape.node(id).value->m);
    for (const Parameter& p : model.weights) all.push_back(p.grad.m);
    return all;
  };
  const std::vector<Matrix> one = gradients(1), two = gradients(2), three = gradients(3);
  omp_set_num_threads(threads);
  // More rows than one chunk has, and more work than the kernels do on one thread.
  REQUIRE(B * T > 128);
  REQUIRE(2.0 * B * T * C * 4 * C > 2e6);
  for (std::size_t i = 0; i < one.size(); ++i) {
    CAPTURE(i);
    CHECK(one[i] == two[i]);
    CHECK(one[i] == three[i]);
  }
}
#endif

}  // namespace tape_memory_test
