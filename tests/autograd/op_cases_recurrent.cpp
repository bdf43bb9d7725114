#include <cmath>

#include "autograd/ops_models.h"
#include "op_cases.h"

namespace op_cases {

namespace {

double logistic(double x) { return 1 / (1 + std::exp(-x)); }

// Unit j of gate k, of gates that stand side by side over H units
double unit(const Tensor& gates, Index row, Index k, Index j, Index H) {
  return gates.m(row, k * H + j);
}

Tensor lstm_cell_by_loop(const Tensors& x) {
  const Index H = x[1].cols();
  return fill(x[1].shape, [&](Index m, Index j) {
    const double i = logistic(unit(x[0], m, 0, j, H)), f = logistic(unit(x[0], m, 1, j, H));
    return f * x[1].m(m, j) + i * std::tanh(unit(x[0], m, 2, j, H));
  });
}

Tensor lstm_output_by_loop(const Tensors& x) {
  const Index H = x[1].cols();
  return fill(x[1].shape, [&](Index m, Index j) {
    return logistic(unit(x[0], m, 3, j, H)) * std::tanh(x[1].m(m, j));
  });
}

Tensor gru_step_by_loop(const Tensors& x) {
  const Index H = x[2].cols();
  return fill(x[2].shape, [&](Index m, Index j) {
    const auto sum = [&](Index k) { return unit(x[0], m, k, j, H) + unit(x[1], m, k, j, H); };
    const double r = logistic(sum(0)), z = logistic(sum(1));
    const double n = std::tanh(unit(x[0], m, 2, j, H) + r * unit(x[1], m, 2, j, H));
    return (1 - z) * n + z * x[2].m(m, j);
  });
}

}  // namespace

std::vector<OpCase> recurrent() {
  const std::vector<Shapes> lstm = {
      {{1, 4}, {1, 1}}, {{1, 20}, {1, 5}}, {{4, 4}, {4, 1}}, {{3, 8}, {3, 2}}};
  const std::vector<Shapes> gru = {{{1, 3}, {1, 3}, {1, 1}},
                                   {{1, 15}, {1, 15}, {1, 5}},
                                   {{4, 3}, {4, 3}, {4, 1}},
                                   {{3, 6}, {3, 6}, {3, 2}}};
  return {
      {"lstm_cell",
       "",
       [](Tape&, std::span<const Var> x) { return lstm_cell(x[0], x[1]); },
       lstm_cell_by_loop,
       {},
       lstm},
      {"lstm_output",
       "",
       [](Tape&, std::span<const Var> x) { return lstm_output(x[0], x[1]); },
       lstm_output_by_loop,
       {},
       lstm},
      {"gru_step",
       "",
       [](Tape&, std::span<const Var> x) { return gru_step(x[0], x[1], x[2]); },
       gru_step_by_loop,
       {},
       gru},
  };
}

}  // namespace op_cases
