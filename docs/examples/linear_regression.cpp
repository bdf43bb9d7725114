#include <fmt/format.h>

#include "autograd/ops.h"
#include "autograd/random.h"
#include "nn/optimizer.h"

// Linear regression: y = X wᵀ + b with w = (2, -1), b = 0.5 and a little noise, found by gradient
// descent.
int main() {
  autograd::Random random(/*seed=*/1, "linear regression");
  const autograd::Tensor X = random.normal({100, 2}, 1);
  autograd::Tensor y = random.normal({100, 1}, 0.01);
  y.m += X.m * Eigen::Vector2f(2, -1);
  y.m.array() += 0.5f;

  autograd::Parameter w{"w", autograd::Tensor({1, 2})}, b{"b", autograd::Tensor({1})};
  nn::Sgd optimizer({{{&w, &b}}});
  autograd::Tape tape;
  for (int step = 0; step < 100; ++step) {
    tape.clear();
    const autograd::Var W = tape.parameter(w), B = tape.parameter(b);
    const autograd::Var predicted = affine(tape.constant(X), W, B);
    const autograd::Var loss = mean_squared_error(predicted, tape.constant(y));
    optimizer.zero_grad();
    tape.backward(loss);
    optimizer.step(/*lr=*/0.1);
    if (step % 25 == 0) fmt::print("step {:2}: loss {:.4f}\n", step, loss.value().item());
  }
  fmt::print("w = ({:.2f}, {:.2f}), b = {:.2f}\n", w.value.m(0, 0), w.value.m(0, 1),
             b.value.item());
}
