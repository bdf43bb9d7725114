#include "autograd/tape.h"

#include <doctest/doctest.h>

#include "autograd/ops.h"
#include "autograd/random.h"

namespace tape_test {

using namespace autograd;

namespace {

Parameter parameter(const char* name, Shape shape) {
  return {name, Random(2, name).normal(shape, 1), {}, true};
}

Tensor normal(const char* path, Shape shape) { return Random(2, path).normal(shape, 1); }

double largest_difference(const Matrix& a, const Matrix& b) {
  return (a - b).cwiseAbs().maxCoeff();
}

}  // namespace

TEST_CASE("a value used twice receives both gradients") {
  Parameter x = parameter("x", {2, 3});
  Tape tape;
  const Var v = tape.parameter(x);
  // x² + 3x + x, by a diamond, and with the same var twice as an input of one op
  tape.backward(sum(add(multiply(v, v), add(scale(v, 3), v))));
  const Matrix expected = 2 * x.value.m + Matrix::Constant(2, 3, 4);
  CHECK(largest_difference(x.grad.m, expected) < 1e-6);
  CHECK(v.grad().m == x.grad.m);
}

TEST_CASE("deep sharing is linear work: each node runs its backward once") {
  Parameter x = parameter("x", {1});
  x.value.m(0, 0) = 1;
  Tape tape;
  Var v = tape.parameter(x);
  for (int i = 0; i < 60; ++i) v = scale(add(v, v), 0.75);  // 2^60 paths from the loss to x
  tape.backward(v);
  CHECK(x.grad.item() == doctest::Approx(std::pow(1.5, 60)));
}

TEST_CASE("two tapes add into one parameter until it is zeroed") {
  Parameter x = parameter("x", {2, 3});
  const auto step = [&] {
    Tape tape;
    const Var v = tape.parameter(x);
    tape.backward(sum(multiply(v, v)));
  };
  step();
  const Matrix once = x.grad.m;
  step();
  CHECK(x.grad.m == 2 * once);
  x.grad.m.setZero();
  step();
  CHECK(x.grad.m == once);
}

TEST_CASE("k micro-batches equal one batch") {
  Parameter w = parameter("w", {3, 4}), b = parameter("b", {3});
  const Tensor x = normal("inputs", {8, 4});
  const std::vector<int> targets{0, 2, 1, 1, 0, 2, 2, 0};
  const auto step = [&](Index begin, Index count, double share) {
    Tape tape;
    const Var rows = slice_rows(tape.constant(x), begin, count);
    CrossEntropySpec spec;
    spec.targets.assign(targets.begin() + begin, targets.begin() + begin + count);
    tape.backward(scale(
        cross_entropy(affine(rows, tape.parameter(w), tape.parameter(b)), std::move(spec)), share));
  };
  step(0, 8, 1);
  const Matrix dw = w.grad.m, db = b.grad.m;
  for (Parameter* p : {&w, &b}) p->grad.m.setZero();
  step(0, 5, 5.0 / 8);  // unequal batches, each weighted by its share of the rows
  step(5, 1, 1.0 / 8);
  step(6, 2, 2.0 / 8);
  CHECK(largest_difference(w.grad.m, dw) < 1e-6);
  CHECK(largest_difference(b.grad.m, db) < 1e-6);
  CHECK(dw.norm() > 0.1);
}

TEST_CASE("one parameter is one leaf, however often it is asked for") {
  Parameter table = parameter("table", {5, 3});
  Tape tape;
  const std::vector<int> ids{4, 0, 4};
  const Var rows = take_rows(tape.parameter(table), ids);
  const Var logits = matmul_nt(rows, tape.parameter(table));  // tied: the table is used again
  CHECK(tape.parameter(table).id == 0);
  CHECK(tape.size() == 3);
  tape.backward(sum(logits));
  CHECK(tape.stats().bytes.trainable == table.value.bytes());
  CHECK(tape.stats().bytes.gradients == table.value.bytes());
  // d Σ_ij e_i·t_j = what each row has as a row of e, and what each has as a row of t
  Matrix expected = Matrix::Zero(5, 3);
  expected.rowwise() += rows.value().m.colwise().sum();
  for (const int id : ids) expected.row(id) += table.value.m.colwise().sum();
  CHECK(largest_difference(table.grad.m, expected) < 1e-5);
}

TEST_CASE("backward runs once, and again after clear") {
  Parameter x = parameter("x", {2, 2});
  Tape tape;
  const auto record = [&] { return sum(multiply(tape.parameter(x), tape.parameter(x))); };
  const Var loss = record();
  tape.backward(loss);
  const Matrix once = x.grad.m;
  CHECK_THROWS_WITH_AS(tape.backward(loss),
                       "backward already ran on this tape and spent it: clear() it and record the "
                       "step again",
                       std::logic_error);
  CHECK(x.grad.m == once);
  tape.clear();
  CHECK(tape.size() == 0);
  x.grad.m.setZero();
  tape.backward(record());
  CHECK(x.grad.m == once);
}

TEST_CASE("backward refuses what it cannot differentiate") {
  Parameter x = parameter("x", {2, 3}), frozen = parameter("frozen", {2, 3});
  frozen.trainable = false;
  Tape tape, other;
  const Var v = tape.parameter(x);
  CHECK_THROWS_WITH_AS(tape.backward(v), "backward wants a loss of one element, the shape is (2,3)",
                       ShapeError);
  CHECK_THROWS_WITH_AS(tape.backward(v, Tensor(Shape{3, 2})),
                       "backward: the output is (2,3) and the cotangent (3,2)", ShapeError);
  CHECK_THROWS_WITH_AS(tape.backward(sum(tape.parameter(frozen))),
                       "backward: nothing trains under this output", std::logic_error);
  CHECK_THROWS_AS(tape.backward(sum(tape.constant(Tensor(Shape{2})))), std::logic_error);
  CHECK_THROWS_WITH_AS(tape.backward(sum(other.parameter(x))),
                       "backward: the output is on another tape", std::logic_error);
  Tape values(TapeMode::values);
  CHECK_THROWS_WITH_AS(values.backward(sum(values.parameter(x))),
                       "backward: this tape records values only, so no gradient can flow",
                       std::logic_error);
  // None of the refusals spent the tape or touched a gradient.
  CHECK(x.grad.empty());
  tape.backward(sum(v));
  CHECK(x.grad.m == Matrix::Ones(2, 3));
}

TEST_CASE("vars of two tapes do not mix") {
  Parameter x = parameter("x", {2, 2});
  Tape tape, other;
  const Var a = tape.parameter(x), b = other.parameter(x);
  CHECK_THROWS_WITH_AS(add(a, b), "add: an input is on another tape", std::logic_error);
  CHECK_THROWS_WITH_AS(add(b, a), "add: an input is on another tape", std::logic_error);
  CHECK_THROWS_AS(concat_rows(std::vector{a, b}), std::logic_error);
  CHECK(tape.size() == 1);  // no half-made node is left behind
  CHECK(other.size() == 1);
}

TEST_CASE("a Var does not outlive its recording") {
  Tape tape;
  Tensor one({1});
  const Var before = tape.constant(one);
  tape.clear();
  const Var now = tape.constant(one);  // has the same id
  CHECK_THROWS_WITH_AS(before.value(), "value(): a Var is from before the tape was cleared",
                       std::logic_error);
  CHECK_THROWS_AS(before.grad(), std::logic_error);
  CHECK_THROWS_AS(add(now, before), std::logic_error);
  CHECK_THROWS_AS(tape.backward(before), std::logic_error);
  CHECK(now.value().item() == 0);
  CHECK_THROWS_WITH_AS(Var().value(), "this Var is on no tape", std::logic_error);
}

TEST_CASE("a shape and a value stay what they are while more is recorded") {
  Tape tape;
  const Var x = tape.constant(Tensor({2, 3}));
  const Shape& shape = x.shape();
  const Tensor* value = &x.value();
  for (int i = 0; i < 1000; ++i) tape.constant(Tensor({1}));  // the list of nodes moves
  CHECK(shape == Shape{2, 3});
  CHECK(&x.value() == value);
}

TEST_CASE("a var without a gradient, or whose value was released, says so") {
  Parameter x = parameter("x", {2, 2});
  Tape tape(TapeMode::training);
  const Var v = tape.parameter(x), y = scale(v, 2), loss = sum(y);
  CHECK_THROWS_WITH_AS(y.grad(), "node 1 has no gradient", std::logic_error);
  tape.backward(loss);
  CHECK_THROWS_WITH_AS(y.value(), "the value of node 1 was released", std::logic_error);
  CHECK(loss.value().item() == doctest::Approx(2 * x.value.m.sum()));
  CHECK(v.grad().m == Matrix::Constant(2, 2, 2));
}

TEST_CASE("a million nodes run backward and are destroyed without recursion") {
  Parameter x = parameter("x", {1});
  {
    Tape tape;
    Var v = tape.parameter(x);
    for (int i = 0; i < 1'000'000; ++i) v = negate(v);
    CHECK(tape.size() == 1'000'001);
    tape.backward(v);
    tape.clear();
    CHECK(tape.size() == 0);
    v = tape.parameter(x);
    for (int i = 0; i < 1000; ++i) v = negate(v);
  }
  CHECK(x.grad.item() == 1);
}

TEST_CASE("a weight that is changed between forward and backward is an error") {
  Parameter w = parameter("w", {3, 4}), b = parameter("b", {3});
  const Tensor x = normal("inputs", {2, 4});
  const auto backward_after = [&](const auto& change) {
    Tape tape;
    const Var h = tape.parameter(w);
    // dh of the second product is what reads w; the first reads x alone.
    const Var y = sum(matmul(affine(tape.constant(x), h, tape.parameter(b)), h));
    change();
    tape.backward(y);
  };
  CHECK_NOTHROW(backward_after([] {}));
  CHECK_THROWS_WITH_AS(backward_after([&] { ++w.version; }),
                       "the backward of matmul reads w, which was changed after the forward: its "
                       "version is 1, not 0",
                       std::logic_error);
  CHECK_NOTHROW(backward_after([] {}));  // recorded anew, it is the new value
  // No backward reads the bias.
  CHECK_NOTHROW(backward_after([&] { ++b.version, b.value.m.setOnes(); }));
#ifndef NDEBUG
  CHECK_THROWS_WITH_AS(backward_after([&] { w.value.m(1, 2) += 1; }),
                       "the backward of matmul reads w, which was changed after the forward, by a "
                       "write that did not raise its version",
                       std::logic_error);
#endif
}

TEST_CASE("operators are the functions of their names") {
  Tape tape;
  const Var a = tape.constant(normal("a", {2, 3})), b = tape.constant(normal("b", {2, 3}));
  CHECK((a + b).value().m == add(a, b).value().m);
  CHECK((a - b).value().m == subtract(a, b).value().m);
  CHECK((a * b).value().m == multiply(a, b).value().m);
  CHECK((a / b).value().m == divide(a, b).value().m);
  CHECK((3 * a).value().m == scale(a, 3).value().m);
  CHECK((-a).value().m == negate(a).value().m);
  CHECK((a * b + a).value().m == add(multiply(a, b), a).value().m);
}

}  // namespace tape_test
