#include <fmt/format.h>

#include "autograd/gradcheck.h"
#include "autograd/op_helpers.h"
#include "autograd/ops.h"

// A new operation, silu(x) = x σ(x), and the check of its gradient. Built in double
// (LOWRANK_DOUBLE), in which a difference quotient has digits enough.
namespace {

using namespace autograd;

// y = x σ(x)                    dx += dy ∘ (σ(x) + y (1 - σ(x)))
struct Silu final : Op {
  const char* name() const override { return "silu"; }
  void forward(Context& ctx) override {
    ctx.save_input(0);
    ctx.save_result();
    const Matrix& x = ctx.in(0);
    ctx.out() = x.cwiseProduct(sigma(x));
  }
  void backward(Context& ctx) override {
    const Matrix s = sigma(ctx.in(0));
    const Matrix slope = s.array() + ctx.out().array() * (1 - s.array());
    if (Gradient dx = ctx.grad(0)) dx += ctx.dout().cwiseProduct(slope);
  }
  static Matrix sigma(const Matrix& x) { return (1 + (-x.array()).exp()).inverse(); }
};

Var silu(Var x) { return record(std::make_unique<Silu>(), {x}, x.shape()); }

// The same with a mistake: the second term is missing.
struct WrongSilu final : Op {
  const char* name() const override { return "wrong silu"; }
  void forward(Context& ctx) override {
    ctx.save_input(0);
    ctx.out() = ctx.in(0).cwiseProduct(Silu::sigma(ctx.in(0)));
  }
  void backward(Context& ctx) override {
    if (Gradient dx = ctx.grad(0)) dx += ctx.dout().cwiseProduct(Silu::sigma(ctx.in(0)));
  }
};

}  // namespace

int main() {
  const std::vector<Tensor> x{Random(/*seed=*/1, "new op").normal({3, 4}, 1)};
  const GradcheckResult right =
      gradcheck([](Tape&, std::span<const Var> in) { return silu(in[0]); }, x);
  fmt::print("silu: {}\n",
             right.ok ? "the gradient agrees with the difference quotient" : right.message);
  const GradcheckResult wrong = gradcheck(
      [](Tape&, std::span<const Var> in) {
        return record(std::make_unique<WrongSilu>(), {in[0]}, in[0].shape());
      },
      x);
  fmt::print("wrong silu: {}\n", wrong.ok ? "nothing was noticed" : wrong.message);
}
