#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <numbers>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "autograd/ops_models.h"
#include "autograd/random.h"

namespace ops_composed_test {

// Fused operations against the same mathematics composed of primitive ones: values and gradients.

using namespace autograd;

namespace {

std::vector<Tensor> normals(std::initializer_list<Shape> shapes) {
  Random random(4, "composed");
  std::vector<Tensor> tensors;
  for (const Shape& shape : shapes) tensors.push_back(random.normal(shape, 1));
  return tensors;
}

struct Step {
  Tensor value;
  std::vector<Tensor> gradients;
};

Step run(const Function& f, const std::vector<Tensor>& inputs) {
  std::vector<Parameter> parameters;
  for (const Tensor& input : inputs) parameters.push_back({"", input, {}, true});
  Tape tape(TapeMode::everything, Fresh::nan);
  std::vector<Var> vars;
  for (Parameter& p : parameters) vars.push_back(tape.parameter(p));
  const Var y = f(tape, vars);
  tape.backward(y, Random(8, "cotangent").normal(y.shape(), 1));
  Step step{y.value(), {}};
  for (const Parameter& p : parameters) step.gradients.push_back(p.grad);
  return step;
}

double largest_difference(const Tensor& a, const Tensor& b) {
  REQUIRE(a.shape.str() == b.shape.str());
  return (a.m - b.m).cwiseAbs().maxCoeff();
}

void check_same(const Function& fused, const Function& composed,
                const std::vector<Tensor>& inputs) {
  const Step a = run(fused, inputs), b = run(composed, inputs);
  CHECK(largest_difference(a.value, b.value) < 1e-13);
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    CAPTURE(i);
    CHECK(largest_difference(a.gradients[i], b.gradients[i]) < 1e-12);
    CHECK(a.gradients[i].m.cwiseAbs().maxCoeff() > 1e-3);
  }
}

Var ones(Tape& tape, Index rows, Index cols) {
  Tensor one(Shape{rows, cols});
  one.m.setOnes();
  return tape.constant(one);
}

// A column (M,1) repeated n times, so that it can meet an (M,n) matrix element by element.
Var repeated(Var column, Index n) { return matmul(column, ones(*column.tape, 1, n)); }

// softmax of each row by its definition
Var softmax_composed(Var x) {
  const Var e = exp(x);
  return divide(e, repeated(sum(e, Over::each_row), x.shape().cols()));
}

Var layernorm_composed(Tape& tape, std::span<const Var> in) {
  const Var x = in[0];
  const Index n = x.shape().cols();
  const Var centered = subtract(x, repeated(mean(x, Over::each_row), n));
  const Var variance = mean(multiply(centered, centered), Over::each_row);
  Tensor eps(variance.shape());
  eps.m.setConstant(1e-5);
  const Var deviation = sqrt(add(variance, tape.constant(eps)));
  return add_row(multiply_row(divide(centered, repeated(deviation, n)), in[1]), in[2]);
}

Function cross_entropy_composed(const CrossEntropySpec& spec) {
  return [spec](Tape& tape, std::span<const Var> x) {
    const Index M = x[0].shape().rows(), V = x[0].shape().cols();
    Tensor weight(Shape{M, 1});
    std::vector<int> targets = spec.targets;
    for (std::size_t i = 0; i < targets.size(); ++i) {
      const bool ignored = targets[i] == spec.ignore_index;
      if (ignored) targets[i] = 0;
      if (!ignored) weight.m(static_cast<Index>(i), 0) = spec.weights.empty() ? 1 : spec.weights[i];
    }
    const double eps = spec.label_smoothing;
    const Var log_p = log_softmax(x[0]);
    const Var hit = scale(gather(log_p, targets), 1 - eps);
    const Var smooth = scale(sum(log_p, Over::each_row), eps / static_cast<double>(V));
    const Var nll = negate(add(hit, smooth));
    return scale(sum(multiply(nll, tape.constant(weight))), 1 / weight.m.sum());
  };
}

// Part k of matrices that stand side by side, each H columns wide
Var part(Var side_by_side, Index k, Index H) { return slice_cols(side_by_side, k * H, H); }

// h and c of an LSTM's step, side by side
Var lstm_composed(Tape&, std::span<const Var> x) {
  const Index H = x[1].shape().cols();
  const Var i = sigmoid(part(x[0], 0, H)), f = sigmoid(part(x[0], 1, H));
  const Var g = tanh(part(x[0], 2, H)), o = sigmoid(part(x[0], 3, H));
  const Var c = f * x[1] + i * g;
  return concat_cols(std::vector{o * tanh(c), c});
}

Var gru_composed(Tape&, std::span<const Var> x) {
  const Index H = x[2].shape().cols();
  const Var r = sigmoid(part(x[0], 0, H) + part(x[1], 0, H));
  const Var z = sigmoid(part(x[0], 1, H) + part(x[1], 1, H));
  const Var n = tanh(part(x[0], 2, H) + r * part(x[1], 2, H));
  return n - z * n + z * x[2];
}

}  // namespace

TEST_CASE("softmax and log_softmax") {
  const auto inputs = normals({{3, 5}});
  check_same([](Tape&, std::span<const Var> x) { return softmax(x[0]); },
             [](Tape&, std::span<const Var> x) { return softmax_composed(x[0]); }, inputs);
  check_same([](Tape&, std::span<const Var> x) { return log_softmax(x[0]); },
             [](Tape&, std::span<const Var> x) { return log(softmax_composed(x[0])); }, inputs);
}

TEST_CASE("affine") {
  check_same(
      [](Tape&, std::span<const Var> x) { return affine(x[0], x[1], x[2]); },
      [](Tape&, std::span<const Var> x) { return add_row(matmul(x[0], transpose(x[1])), x[2]); },
      normals({{4, 3}, {5, 3}, {5}}));
}

TEST_CASE("add_matmul_nt") {
  check_same([](Tape&, std::span<const Var> x) { return add_matmul_nt(x[0], x[1], x[2]); },
             [](Tape&, std::span<const Var> x) { return add(x[0], matmul_nt(x[1], x[2])); },
             normals({{4, 5}, {4, 3}, {5, 3}}));
}

TEST_CASE("layernorm") {
  check_same([](Tape&, std::span<const Var> x) { return layernorm(x[0], x[1], x[2]); },
             layernorm_composed, normals({{4, 6}, {6}, {6}}));
}

TEST_CASE("attention") {
  const auto compare = [](const AttentionSpec& spec, Shape q, Shape k) {
    check_same(
        [&](Tape&, std::span<const Var> x) { return attention(x[0], x[1], x[2], spec); },
        [&](Tape&, std::span<const Var> x) { return attention_textbook(x[0], x[1], x[2], spec); },
        normals({q, k, k}));
  };
  for (const bool causal : {false, true})
    for (const Index heads : {1, 2, 3}) {
      CAPTURE(causal);
      CAPTURE(heads);
      compare({heads, causal, {}}, {2, 4, 6}, {2, 4, 6});
      compare({heads, causal, {}}, {2, 3, 6}, {2, 5, 6});
      compare({heads, causal, {1, 1, 0, 1, 1, 0, 1, 1}}, {2, 4, 6}, {2, 4, 6});
    }
}

TEST_CASE("cross_entropy") {
  const auto compare = [](const CrossEntropySpec& spec) {
    check_same([&](Tape&, std::span<const Var> x) { return cross_entropy(x[0], spec); },
               cross_entropy_composed(spec), normals({{4, 5}}));
  };
  const std::vector<int> targets{1, 0, 4, 2};
  compare({targets, {}, -1, 0});
  compare({targets, {0.5, 2, 0, 1}, -1, 0});
  compare({targets, {}, 4, 0});
  compare({targets, {}, -1, 0.2});
  compare({targets, {0.5, 2, 3, 1}, 0, 0.2});
}

TEST_CASE("kl_divergence and mean_squared_error") {
  const auto inputs = normals({{3, 5}, {3, 5}});
  check_same([](Tape&, std::span<const Var> x) { return kl_divergence(x[0], x[1]); },
             [](Tape&, std::span<const Var> x) {
               const Var log_p = log_softmax(x[0]), log_q = log_softmax(x[1]);
               const Var terms = multiply(exp(log_p), subtract(log_p, log_q));
               return scale(sum(terms), 1 / static_cast<double>(x[0].shape().rows()));
             },
             inputs);
  check_same([](Tape&, std::span<const Var> x) { return mean_squared_error(x[0], x[1]); },
             [](Tape&, std::span<const Var> x) {
               const Var difference = subtract(x[0], x[1]);
               return reshape(mean(multiply(difference, difference)), Shape{1});
             },
             inputs);
}

TEST_CASE("a step of an LSTM and of a GRU") {
  check_same(
      [](Tape&, std::span<const Var> x) {
        const Var c = lstm_cell(x[0], x[1]);
        return concat_cols(std::vector{lstm_output(x[0], c), c});
      },
      lstm_composed, normals({{3, 8}, {3, 2}}));
  check_same([](Tape&, std::span<const Var> x) { return gru_step(x[0], x[1], x[2]); }, gru_composed,
             normals({{3, 6}, {3, 6}, {3, 2}}));
}

TEST_CASE("gelu") {
  const double c = std::sqrt(2 / std::numbers::pi);
  check_same([](Tape&, std::span<const Var> x) { return gelu(x[0], Gelu::tanh); },
             [c](Tape& tape, std::span<const Var> x) {
               const Var cube = multiply(multiply(x[0], x[0]), x[0]);
               const Var t = tanh(scale(add(x[0], scale(cube, 0.044715)), c));
               const Var one = ones(tape, x[0].shape().rows(), x[0].shape().cols());
               return scale(multiply(x[0], add(one, t)), 0.5);
             },
             normals({{3, 4}}));

  // There is no operation erf to compose the other form of. Its values on both sides of zero and in
  // the tails, and its derivative Φ(x) + x φ(x):
  Tensor x(Shape{7}, {-6, -2, -0.3, 0, 0.3, 2, 6});
  const Step step = run([](Tape&, std::span<const Var> in) { return gelu(in[0]); }, {x});
  const Tensor u = Random(8, "cotangent").normal(x.shape, 1);
  for (Index j = 0; j < 7; ++j) {
    const double v = x.m(0, j);
    const double cdf = 0.5 * std::erfc(-v / std::numbers::sqrt2);
    const double pdf = std::exp(-v * v / 2) / std::sqrt(2 * std::numbers::pi);
    CHECK(std::abs(step.value.m(0, j) - v * cdf) < 1e-13);
    CHECK(std::abs(step.gradients[0].m(0, j) - u.m(0, j) * (cdf + v * pdf)) < 1e-13);
  }
}

}  // namespace ops_composed_test
