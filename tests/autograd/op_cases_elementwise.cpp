#include <cmath>
#include <numbers>

#include "op_cases.h"

namespace op_cases {

namespace {

// The same element of one, or of two inputs
auto each(double (*f)(double)) {
  return [f](const Tensors& x) {
    return fill(x[0].shape, [&](Index i, Index j) { return f(x[0].m(i, j)); });
  };
}
auto each(double (*f)(double, double)) {
  return [f](const Tensors& x) {
    return fill(x[0].shape, [&](Index i, Index j) { return f(x[0].m(i, j), x[1].m(i, j)); });
  };
}

// The element of a row of any shape that stands in column j
Scalar at(const Tensor& row, Index j) { return row.m.data()[j]; }

Function of(Var (*op)(Var)) {
  return [op](Tape&, std::span<const Var> x) { return op(x[0]); };
}
Function of(Var (*op)(Var, Var)) {
  return [op](Tape&, std::span<const Var> x) { return op(x[0], x[1]); };
}

double gelu_erf(double x) { return x * 0.5 * std::erfc(-x / std::numbers::sqrt2); }
double gelu_tanh(double x) {
  return 0.5 * x * (1 + std::tanh(std::sqrt(2 / std::numbers::pi) * (x + 0.044715 * x * x * x)));
}

const std::vector<Shapes> one = {{{1, 1}}, {{1, 5}}, {{4, 1}}, {{3, 4}}, {{2, 3, 4}}, {{5}}};
const std::vector<Shapes> two = {{{1, 1}, {1, 1}}, {{1, 5}, {1, 5}},       {{4, 1}, {4, 1}},
                                 {{3, 4}, {3, 4}}, {{2, 3, 4}, {2, 3, 4}}, {{5}, {5}}};
const std::vector<Shapes> and_row = {{{1, 1}, {1}},    {{1, 5}, {5}},    {{4, 1}, {1}},
                                     {{3, 4}, {1, 4}}, {{3, 4}, {4, 1}}, {{2, 3, 4}, {4}}};

}  // namespace

std::vector<OpCase> elementwise() {
  using enum Draw;
  return {
      {"add", "", of(add), each([](double a, double b) { return a + b; }), {}, two},
      {"subtract", "", of(subtract), each([](double a, double b) { return a - b; }), {}, two},
      {"multiply", "", of(multiply), each([](double a, double b) { return a * b; }), {}, two},
      {"divide",
       "",
       of(divide),
       each([](double a, double b) { return a / b; }),
       {normal, away_from_zero},
       two},
      {"scale",
       "",
       [](Tape&, std::span<const Var> x) { return scale(x[0], -1.5); },
       each([](double a) { return -1.5 * a; }),
       {},
       one},
      {"negate", "", of(negate), each([](double a) { return -a; }), {}, one},
      {"add_row",
       "",
       of(add_row),
       [](const Tensors& x) {
         return fill(x[0].shape, [&](Index i, Index j) { return x[0].m(i, j) + at(x[1], j); });
       },
       {},
       and_row},
      {"multiply_row",
       "",
       of(multiply_row),
       [](const Tensors& x) {
         return fill(x[0].shape, [&](Index i, Index j) { return x[0].m(i, j) * at(x[1], j); });
       },
       {},
       and_row},
      {"exp", "", of(exp), each(std::exp), {}, one},
      {"log", "", of(log), each(std::log), {positive}, one},
      {"sqrt", "", of(sqrt), each(std::sqrt), {positive}, one},
      {"tanh", "", of(tanh), each(std::tanh), {}, one},
      {"sigmoid", "", of(sigmoid), each([](double a) { return 1 / (1 + std::exp(-a)); }), {}, one},
      {"relu",
       "",
       of(relu),
       each([](double a) { return a > 0 ? a : 0; }),
       {away_from_zero},
       {{{1, 5}}, {{4, 1}}, {{3, 4}}, {{2, 3, 4}}}},
      {"relu",
       "of one positive number",
       of(relu),
       each([](double a) { return a; }),
       {positive},
       {{{1, 1}}}},
      {"gelu",
       "erf",
       [](Tape&, std::span<const Var> x) { return gelu(x[0], Gelu::erf); },
       each(gelu_erf),
       {},
       one},
      {"gelu",
       "tanh",
       [](Tape&, std::span<const Var> x) { return gelu(x[0], Gelu::tanh); },
       each(gelu_tanh),
       {},
       one},
  };
}

}  // namespace op_cases
