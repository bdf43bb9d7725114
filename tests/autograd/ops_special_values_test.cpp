#include <doctest/doctest.h>

#include <cmath>
#include <functional>
#include <limits>

#include "autograd/ops.h"
#include "autograd/random.h"

namespace ops_special_values_test {

// In float, as what runs: extreme inputs, and numbers that are none. Rows are long enough that both
// the vectorised and the plain part of an Eigen loop are met.

using namespace autograd;

namespace {

constexpr Index N = 37;
const Scalar tiny =
    std::numeric_limits<Scalar>::min();  // Eigen's exp underflows to 0 or below this
const Scalar inf = std::numeric_limits<Scalar>::infinity();
const Scalar not_a_number = std::numeric_limits<Scalar>::quiet_NaN();

Tensor filled(Shape shape, Scalar value) {
  Tensor x(shape);
  x.m.setConstant(value);
  return x;
}

// op of a row full of x; the same everywhere, or the test fails
Scalar of(Var (*op)(Var), Scalar x) {
  Tape tape(TapeMode::values, Fresh::nan);
  const Matrix y = op(tape.constant(filled({1, N}, x))).value().m;
  for (Index j = 0; j < N; ++j) {
    CAPTURE(j);
    const bool both_nan = std::isnan(y(0, 0)) && std::isnan(y(0, j));
    CHECK((both_nan || y(0, j) == y(0, 0) || std::abs(y(0, j) - y(0, 0)) < 1e-5));
  }
  return y(0, 0);
}

Var gelu_erf(Var x) { return gelu(x, Gelu::erf); }
Var gelu_tanh(Var x) { return gelu(x, Gelu::tanh); }

}  // namespace

TEST_CASE("functions of one element pass a NaN on") {
  for (const auto op : {exp, log, sqrt, autograd::tanh, sigmoid, relu, gelu_erf, gelu_tanh, softmax,
                        log_softmax, negate})
    CHECK(std::isnan(of(op, not_a_number)));
}

TEST_CASE("functions of one element at their limits") {
  CHECK(of(exp, 1000) == inf);
  CHECK(of(exp, -1000) < tiny);
  CHECK(of(log, 0) == -inf);
  CHECK(std::isnan(of(log, -1)));
  CHECK(of(sqrt, inf) == inf);
  CHECK(of(sqrt, 0) == 0);
  CHECK(std::isnan(of(sqrt, -1)));
  CHECK(of(sqrt, 1000) == std::sqrt(Scalar{1000}));
  for (const Scalar large : {Scalar{1000}, inf}) {
    CHECK(of(autograd::tanh, large) == 1);
    CHECK(of(autograd::tanh, -large) == -1);
    CHECK(of(sigmoid, large) == 1);
    CHECK(of(sigmoid, -large) == 0);
    CHECK(of(relu, large) == large);
    CHECK(of(relu, -large) == 0);
    CHECK(of(gelu_erf, large) == large);
    CHECK(of(gelu_tanh, large) == large);
  }
  CHECK(of(gelu_erf, -1000) == 0);
  CHECK(of(gelu_tanh, -1000) == 0);
}

// Eigen's fast forms start from approximate instructions, whose digits differ between processors.
TEST_CASE("square roots and tanh are those of the standard library, bit for bit") {
  Tensor x = Random(1, "functions").uniform({1000, N}, 0, 20);
  x.m.array() = x.m.array().square();
  Tape tape(TapeMode::values, Fresh::nan);
  const Var v = tape.constant(x);
  const Matrix root = sqrt(v).value().m, t = autograd::tanh(scale(v, 0.01)).value().m;
  CHECK(root == x.m.unaryExpr([](Scalar e) { return std::sqrt(e); }));
  CHECK(t == (Scalar(0.01) * x.m).unaryExpr([](Scalar e) { return std::tanh(e); }));
}

TEST_CASE("relu has derivative 0 at 0, and a NaN of the gradient does not leak where it is 0") {
  Parameter x{"x", Tensor(Shape{3}, {-1, 0, 1}), {}, true};
  Tape tape(TapeMode::everything, Fresh::nan);
  tape.backward(relu(tape.parameter(x)), Tensor(Shape{3}, {not_a_number, 2, 3}));
  CHECK(x.grad.m == Matrix{{0, 0, 3}});
}

TEST_CASE("softmax of large logits neither overflows nor vanishes") {
  Tape tape(TapeMode::values, Fresh::nan);
  Tensor x = filled({1, N}, -inf);
  x.m(0, 3) = x.m(0, N - 1) = 10000;
  const Matrix y = softmax(tape.constant(x)).value().m;
  for (Index j = 0; j < N; ++j) {
    if (j == 3 || j == N - 1) CHECK(y(0, j) == doctest::Approx(0.5));
    if (j != 3 && j != N - 1) CHECK(y(0, j) < tiny);
  }
  x.m.setConstant(-10000);
  CHECK(softmax(tape.constant(x)).value().m(0, 0) == doctest::Approx(1.0 / N));
  CHECK(log_softmax(tape.constant(x)).value().m(0, 0) == doctest::Approx(-std::log(double(N))));
}

TEST_CASE("cross_entropy of large, and of forbidden, logits is finite") {
  Parameter x{"x", filled({1, N}, -10000), {}, true};
  x.value.m(0, 2) = 10000;
  x.value.m(0, 3) = -inf;  // a class that may not be chosen
  Tape tape(TapeMode::everything, Fresh::nan);
  const Var loss = cross_entropy(tape.parameter(x), {{2}, {}, -1, 0});
  CHECK(loss.value().item() == 0);
  tape.backward(loss);
  CHECK(x.grad.m.allFinite());
}

TEST_CASE("cross_entropy does not depend on a number that is added to all logits") {
  // Sums of whole numbers below 2^24 are exact in float, so the losses are those of {0, 1, 2}.
  const double log_sum = std::log(1 + std::exp(1.0) + std::exp(2.0));
  for (const double offset : {0.0, 1e3, 1e4, 1e5, 1e6, 1e7, -1e4, -1e7})
    for (const double smoothing : {0.0, 0.1}) {
      CAPTURE(offset);
      CAPTURE(smoothing);
      Parameter x{"x", Tensor(Shape{1, 3}), {}, true};
      for (Index j = 0; j < 3; ++j) x.value.m(0, j) = static_cast<Scalar>(offset + double(j));
      Tape tape(TapeMode::everything, Fresh::nan);
      const Var loss = cross_entropy(tape.parameter(x), {{0}, {}, -1, smoothing});
      // The mean logit is 1 above the target's.
      CHECK(loss.value().item() == doctest::Approx(log_sum - smoothing).epsilon(1e-6));
      tape.backward(loss);
      CHECK(std::abs(x.grad.m.sum()) < 2e-7);
      CHECK(x.grad.m(0, 2) == doctest::Approx(std::exp(2 - log_sum) - smoothing / 3).epsilon(1e-6));
    }
}

TEST_CASE("sums over very many rows keep their digits") {
  const Index M = 1'000'000, C = 3;
  const Scalar tenth = Scalar(0.1);
  const auto is = [](const Matrix& sums, double expected) {
    for (const Scalar sum : sums.reshaped())
      CHECK(std::abs(double(sum) - expected) < 2e-6 * std::abs(expected));
  };
  Parameter x{"x", filled({M, C}, tenth), {}, true}, row{"row", filled({C}, 1), {}, true};
  Parameter w{"w", filled({C, C}, 1), {}, false};
  const auto gradient_of_row = [&](const std::function<Var(Var, Var)>& f, const Tensor& cotangent) {
    row.grad = Tensor();
    x.trainable = false;
    Tape tape;
    tape.backward(f(tape.parameter(x), tape.parameter(row)), cotangent);
    return row.grad.m;
  };
  {
    Tape tape(TapeMode::values);
    const Var v = tape.parameter(x);
    for (const Over over : {Over::all, Over::each_column})
      is(mean(v, over).value().m, double(tenth));
    is(sum(v, Over::each_column).value().m, double(tenth) * double(M));
    is(sum(tape.constant(filled({1, 3 * M}, tenth)), Over::each_row).value().m,
       double(tenth) * double(3 * M));
    const Var zero = tape.constant(Tensor(Shape{M, C}));
    is(mean_squared_error(v, zero).value().m, double(tenth) * double(tenth));
  }
  const double sum = double(tenth) * double(M);
  is(gradient_of_row(add_row, x.value), sum);
  is(gradient_of_row(multiply_row, filled({M, C}, 1)), sum);
  is(gradient_of_row([&](Var v, Var b) { return affine(v, b.tape->parameter(w), b); }, x.value),
     sum);
  // Rows of 0.1, 0.2, 0.3 are normalised to -√1.5, 0, √1.5; weight and bias are one parameter.
  x.value.m.col(1) *= 2, x.value.m.col(2) *= 3;
  const Matrix db = gradient_of_row([&](Var v, Var b) { return layernorm(v, b, b, 1e-12); },
                                    filled({M, C}, tenth));
  CHECK(db(0, 1) == doctest::Approx(sum).epsilon(1e-5));
  CHECK(db(0, 0) == doctest::Approx(sum * (1 - std::sqrt(1.5))).epsilon(1e-5));
  CHECK(db(0, 2) == doctest::Approx(sum * (1 + std::sqrt(1.5))).epsilon(1e-5));
}

TEST_CASE("kl_divergence: what p rules out adds nothing, what only q rules out is infinitely far") {
  Parameter p{"p", Random(1, "p").normal({2, N}, 1), {}, true};
  Parameter q{"q", Random(1, "q").normal({2, N}, 1), {}, true};
  p.value.m.col(3).setConstant(-inf);
  const auto divergence = [&](Tape& tape) {
    return kl_divergence(tape.parameter(p), tape.parameter(q));
  };
  const auto check_finite = [&] {
    Tape tape(TapeMode::everything, Fresh::nan);
    const Var kl = divergence(tape);
    CHECK(std::isfinite(kl.value().item()));
    tape.backward(kl);
    CHECK(p.grad.m.allFinite());
    CHECK(q.grad.m.allFinite());
    CHECK(p.grad.m.col(3).cwiseAbs().maxCoeff() < tiny);
  };
  check_finite();
  q.value.m.col(3).setConstant(-inf);
  check_finite();
  q.value.m(1, 7) = -inf;
  Tape tape(TapeMode::everything, Fresh::nan);
  CHECK(divergence(tape).value().item() == inf);
}

TEST_CASE("finite padding gets no attention: not a bit of the result, exactly zero gradient") {
  Random random(1, "attention");
  const Shape shape{2, N, 8};
  std::vector<Parameter> qkv;
  for (const char* name : {"q", "k", "v"}) qkv.push_back({name, random.normal(shape, 1), {}, true});
  AttentionSpec spec{2, false, std::vector<unsigned char>(2 * N, 1)};
  for (const std::size_t padding : {5, 36, 37, 60}) spec.key_mask[padding] = 0;
  const auto attend = [&] {
    Tape tape(TapeMode::everything, Fresh::nan);
    const Var y =
        attention(tape.parameter(qkv[0]), tape.parameter(qkv[1]), tape.parameter(qkv[2]), spec);
    tape.backward(y, Random(1, "cotangent").normal(y.shape(), 1));
    return y.value().m;
  };
  const Matrix before = attend();
  for (const Index padding : {5, 36, 37, 60}) {
    CHECK(qkv[1].grad.m.row(padding) == Matrix::Zero(1, 8));
    CHECK(qkv[2].grad.m.row(padding) == Matrix::Zero(1, 8));
    qkv[1].value.m.row(padding).setConstant(1000);
    qkv[2].value.m.row(padding).setConstant(1e30f);
  }
  CHECK(attend() == before);
}

TEST_CASE("causal attention does not look ahead") {
  Random random(1, "causal");
  Tensor q = random.normal({1, 6, 4}, 1), k = random.normal({1, 6, 4}, 1);
  Tensor v = random.normal({1, 6, 4}, 1);
  const auto attend = [&] {
    Tape tape(TapeMode::values, Fresh::nan);
    return attention(tape.constant(q), tape.constant(k), tape.constant(v), {2, true, {}}).value().m;
  };
  const Matrix before = attend();
  k.m.row(4).setConstant(3);
  v.m.row(4).setConstant(100);
  const Matrix after = attend();
  CHECK(after.topRows(4) == before.topRows(4));
  for (const Index i : {4, 5}) CHECK((after.row(i) - before.row(i)).norm() > 0.1);
}

TEST_CASE("products without rows, columns or anything to sum are empty or zero") {
  Tape tape(TapeMode::values, Fresh::nan);
  const auto zeros = [&](Index rows, Index cols) { return tape.constant(Tensor({rows, cols})); };
  CHECK(matmul(zeros(0, 3), zeros(3, 2)).shape() == Shape{0, 2});
  CHECK(matmul_nt(zeros(0, 3), zeros(2, 3)).shape() == Shape{0, 2});
  CHECK(matmul_tn(zeros(3, 0), zeros(3, 2)).shape() == Shape{0, 2});
  CHECK(matmul_nt(zeros(2, 3), zeros(0, 3)).shape() == Shape{2, 0});
  CHECK(affine(zeros(0, 3), zeros(2, 3), zeros(1, 2)).shape() == Shape{0, 2});
  CHECK(matmul(zeros(2, 0), zeros(0, 3)).value().m == Matrix::Zero(2, 3));
}

TEST_CASE("dropout keeps the share and the scale it says, and p = 0 changes nothing") {
  Random random(1, "dropout");
  Tape tape(TapeMode::values, Fresh::nan);
  const Var x = tape.constant(filled({100, 100}, 1));
  const Matrix y = dropout(x, 0.3, random).value().m;
  const auto dropped = static_cast<double>((y.array() == 0).count());
  CHECK(std::abs(dropped / 10000 - 0.3) < 5 * 0.0046);  // the standard error of the share
  for (const Scalar e : y.reshaped()) CHECK((e == 0 || e == doctest::Approx(1 / 0.7)));
  CHECK(dropout(x, 0, random).value().m == x.value().m);
  CHECK(dropout(x, 0.3, random).value().m != y);  // the stream has moved on
}

}  // namespace ops_special_values_test
