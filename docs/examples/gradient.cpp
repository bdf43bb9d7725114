#include <fmt/format.h>

#include "autograd/ops.h"

// A tensor and its gradient: f(x) = Σ x² + 3 x, so df/dx = 2 x + 3.
int main() {
  autograd::Parameter x{"x", autograd::Tensor({3}, {1, 2, -1})};
  autograd::Tape tape;
  const autograd::Var v = tape.parameter(x);
  const autograd::Var f = sum(v * v + 3 * v);
  tape.backward(f);
  fmt::print("f = {}\n", f.value().item());
  for (int i = 0; i < 3; ++i) fmt::print("x = {}, df/dx = {}\n", x.value.m(0, i), x.grad.m(0, i));
}
