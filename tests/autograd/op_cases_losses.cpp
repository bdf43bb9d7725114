#include <cmath>
#include <limits>

#include "op_cases.h"

namespace op_cases {

namespace {

Tensor scalar(double value) { return Tensor(Shape{1}, {value}); }

double log_probability(const Tensor& x, Index i, Index j) {
  double sum = 0;
  for (Index k = 0; k < x.cols(); ++k) sum += std::exp(x.m(i, k));
  return x.m(i, j) - std::log(sum);
}

// What one line of the table switches on
struct LossParts {
  bool weights = false, ignore = false, smoothing = false;
};

// Class (3 i + 1) mod V for row i; every row after the first of three is ignored, if any is.
CrossEntropySpec loss_spec(const Tensor& logits, LossParts parts) {
  CrossEntropySpec spec;
  spec.ignore_index = -7;
  spec.label_smoothing = parts.smoothing ? 0.1 : 0;
  for (Index i = 0; i < logits.rows(); ++i) {
    const bool ignored = parts.ignore && i % 3 == 1;
    spec.targets.push_back(ignored ? -7 : static_cast<int>((3 * i + 1) % logits.cols()));
    if (parts.weights) spec.weights.push_back(0.5 + static_cast<double>(i));
  }
  return spec;
}

Tensor cross_entropy_by_loop(const Tensor& x, const CrossEntropySpec& spec) {
  const double eps = spec.label_smoothing;
  double total = 0, weight = 0;
  for (Index i = 0; i < x.rows(); ++i) {
    const auto row = static_cast<std::size_t>(i);
    if (spec.targets[row] == spec.ignore_index) continue;
    const double w = spec.weights.empty() ? 1 : spec.weights[row];
    weight += w;
    for (Index j = 0; j < x.cols(); ++j) {
      const double t = (j == spec.targets[row] ? 1 - eps : 0) + eps / static_cast<double>(x.cols());
      total -= w * t * log_probability(x, i, j);
    }
  }
  return scalar(total / weight);
}

OpCase cross_entropy_with(const char* variant, LossParts parts) {
  return {"cross_entropy",
          variant,
          [=](Tape&, std::span<const Var> x) {
            return cross_entropy(x[0], loss_spec(x[0].value(), parts));
          },
          [=](const Tensors& x) { return cross_entropy_by_loop(x[0], loss_spec(x[0], parts)); },
          {},
          {{{1, 5}}, {{3, 4}}, {{5, 2}}, {{2, 3, 4}}},
          {{{1, 1}}, {{4, 1}}}};
}

Tensor kl_by_loop(const Tensors& x) {
  double total = 0;
  for (Index i = 0; i < x[0].rows(); ++i)
    for (Index j = 0; j < x[0].cols(); ++j) {
      const double log_p = log_probability(x[0], i, j), log_q = log_probability(x[1], i, j);
      if (std::exp(log_p) > 0) total += std::exp(log_p) * (log_p - log_q);
    }
  return scalar(total / static_cast<double>(x[0].rows()));
}

constexpr Scalar never = -std::numeric_limits<Scalar>::infinity();

// KL where p, and where `both` is true q too, rules the first class out.
OpCase kl_without_a_class(const char* variant, bool both) {
  return {"kl_divergence",
          variant,
          [both](Tape& tape, std::span<const Var> x) {
            Tensor mask(x[0].shape());
            mask.m.col(0).setConstant(never);
            const Var ruled_out = tape.constant(mask);
            return kl_divergence(add(x[0], ruled_out), both ? add(x[1], ruled_out) : x[1]);
          },
          [both](Tensors x) {
            x[0].m.col(0).setConstant(never);
            if (both) x[1].m.col(0).setConstant(never);
            return kl_by_loop(x);
          },
          {},
          {{{1, 5}, {1, 5}}, {{3, 4}, {3, 4}}, {{2, 3, 4}, {2, 3, 4}}}};
}

Tensor squared_by_loop(const Tensors& x) {
  double total = 0;
  for (Index i = 0; i < x[0].rows(); ++i)
    for (Index j = 0; j < x[0].cols(); ++j) total += std::pow(x[0].m(i, j) - x[1].m(i, j), 2);
  return scalar(total / static_cast<double>(x[0].size()));
}

}  // namespace

std::vector<OpCase> losses() {
  return {
      cross_entropy_with("", {}),
      cross_entropy_with("weights", {.weights = true}),
      cross_entropy_with("ignore", {.ignore = true}),
      cross_entropy_with("smoothing", {.smoothing = true}),
      cross_entropy_with("weights, ignore, smoothing", {true, true, true}),
      {"kl_divergence",
       "",
       [](Tape&, std::span<const Var> x) { return kl_divergence(x[0], x[1]); },
       kl_by_loop,
       {},
       {{{1, 5}, {1, 5}}, {{3, 4}, {3, 4}}, {{5, 2}, {5, 2}}, {{2, 3, 4}, {2, 3, 4}}},
       {{{1, 1}, {1, 1}}, {{4, 1}, {4, 1}}}},
      kl_without_a_class("p rules a class out", false),
      kl_without_a_class("p and q rule a class out", true),
      {"mean_squared_error",
       "",
       [](Tape&, std::span<const Var> x) { return mean_squared_error(x[0], x[1]); },
       squared_by_loop,
       {},
       {{{1, 1}, {1, 1}}, {{1, 5}, {1, 5}}, {{4, 1}, {4, 1}}, {{3, 4}, {3, 4}}}},
  };
}

}  // namespace op_cases
