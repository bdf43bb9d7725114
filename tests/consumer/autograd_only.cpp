#include <iostream>

#include "autograd/ops.h"

// Memory that is made here is freed in the library, and the other way round.
int main() {
  autograd::Parameter x{"x", autograd::Tensor({3}, {1, 2, 3})};
  {
    autograd::Tape tape;
    const autograd::Var v = tape.parameter(x);
    tape.backward(sum(v * v));
    autograd::Tensor made_here({5, 7});
    made_here.m.setOnes();
    x.set(autograd::Tensor({3}, {4, 5, 6}));
    const autograd::Tensor made_there = x.grad;
    x.grad = made_here;
    std::cout << made_there.m << '\n';
  }
  x.zero_grad();
  x.free_grad();
}
