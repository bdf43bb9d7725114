#include <cmath>

#include "op_cases.h"

namespace op_cases {

namespace {

// Row i of x by its elements, one after the other
template <class F>
double fold(const Tensor& x, Index i, double start, F f) {
  for (Index j = 0; j < x.cols(); ++j) start = f(start, x.m(i, j));
  return start;
}

double log_sum_exp(const Tensor& x, Index i) {
  return std::log(fold(x, i, 0, [](double sum, double e) { return sum + std::exp(e); }));
}

Tensor softmax_by_loop(const Tensors& x) {
  return fill(x[0].shape,
              [&](Index i, Index j) { return std::exp(x[0].m(i, j) - log_sum_exp(x[0], i)); });
}

Tensor log_softmax_by_loop(const Tensors& x) {
  return fill(x[0].shape, [&](Index i, Index j) { return x[0].m(i, j) - log_sum_exp(x[0], i); });
}

Tensor layernorm_by_loop(const Tensors& x, double eps) {
  const auto n = static_cast<double>(x[0].cols());
  return fill(x[0].shape, [&](Index i, Index j) {
    const double mean = fold(x[0], i, 0, [&](double sum, double e) { return sum + e / n; });
    const double variance =
        fold(x[0], i, 0, [&](double sum, double e) { return sum + (e - mean) * (e - mean) / n; });
    return (x[0].m(i, j) - mean) / std::sqrt(variance + eps) * x[1].m.data()[j] + x[2].m.data()[j];
  });
}

// Adds every element of x, times s, to the element of y that `over` sends it to.
Tensor reduce(const Tensor& x, Over over, double s) {
  Tensor y(over == Over::all        ? Shape{1}
           : over == Over::each_row ? Shape{x.rows(), 1}
                                    : Shape{1, x.cols()});
  for (Index i = 0; i < x.rows(); ++i)
    for (Index j = 0; j < x.cols(); ++j)
      y.m(over == Over::each_row ? i : 0, over == Over::each_column ? j : 0) += s * x.m(i, j);
  return y;
}

double count(const Tensor& x, Over over) {
  return static_cast<double>(over == Over::all        ? x.size()
                             : over == Over::each_row ? x.cols()
                                                      : x.rows());
}

const std::vector<Shapes> row_shapes = {{{1, 1}}, {{1, 5}}, {{4, 1}}, {{3, 4}}, {{2, 3, 4}}};
const std::vector<Shapes> wide = {{{1, 5}}, {{3, 4}}, {{2, 3, 4}}, {{5}}};
const std::vector<Shapes> one_column = {{{1, 1}}, {{4, 1}}};

OpCase sum_over(const char* variant, Over over) {
  return {"sum",
          variant,
          [=](Tape&, std::span<const Var> x) { return sum(x[0], over); },
          [=](const Tensors& x) { return reduce(x[0], over, 1); },
          {},
          row_shapes};
}
OpCase mean_over(const char* variant, Over over) {
  return {"mean",
          variant,
          [=](Tape&, std::span<const Var> x) { return mean(x[0], over); },
          [=](const Tensors& x) { return reduce(x[0], over, 1 / count(x[0], over)); },
          {},
          row_shapes};
}

// A fresh stream for every evaluation: the same mask each time. Its first draw keeps an element.
Random mask_stream() { return Random(7, "a"); }

}  // namespace

std::vector<OpCase> by_rows() {
  return {
      sum_over("all", Over::all),
      sum_over("columns", Over::each_row),
      sum_over("rows", Over::each_column),
      mean_over("all", Over::all),
      mean_over("columns", Over::each_row),
      mean_over("rows", Over::each_column),
      {"softmax",
       "",
       [](Tape&, std::span<const Var> x) { return softmax(x[0]); },
       softmax_by_loop,
       {},
       wide,
       one_column},
      {"log_softmax",
       "",
       [](Tape&, std::span<const Var> x) { return log_softmax(x[0]); },
       log_softmax_by_loop,
       {},
       wide,
       one_column},
      {"layernorm",
       "",
       [](Tape&, std::span<const Var> x) { return layernorm(x[0], x[1], x[2]); },
       [](const Tensors& x) { return layernorm_by_loop(x, 1e-5); },
       {},
       {{{1, 1}, {1}, {1}},
        {{1, 5}, {5}, {5}},
        {{4, 1}, {1}, {1}},
        {{3, 4}, {1, 4}, {4, 1}},
        {{2, 3, 4}, {4}, {4}}}},
      {"layernorm",
       "large eps",
       [](Tape&, std::span<const Var> x) { return layernorm(x[0], x[1], x[2], 0.5); },
       [](const Tensors& x) { return layernorm_by_loop(x, 0.5); },
       {},
       {{{3, 4}, {4}, {4}}}},
      {"dropout",
       "",
       [](Tape&, std::span<const Var> x) {
         Random random = mask_stream();
         return dropout(x[0], 0.25, random);
       },
       [](const Tensors& x) {
         Random random = mask_stream();
         return fill(x[0].shape, [&](Index i, Index j) {
           return random.uniform() < 0.25 ? 0 : x[0].m(i, j) / 0.75;
         });
       },
       {},
       row_shapes},
  };
}

}  // namespace op_cases
