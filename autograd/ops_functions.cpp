#include <cmath>
#include <numbers>
#include <unsupported/Eigen/SpecialFunctions>

#include "autograd/kernels.h"
#include "autograd/op_helpers.h"
#include "autograd/ops.h"

// Functions of one element: y = f(x), dx += dy ∘ f'(x), with f' from x or y, which is cheaper.

namespace autograd::inline LOWRANK_PRECISION {

// f' = y
struct Exp final : Op {
  const char* name() const override { return "exp"; }
  void forward(Context& ctx) override {
    ctx.save_result();
    ctx.out() = ctx.in(0).array().exp();
  }
  void backward(Context& ctx) override {
    if (Gradient dx = ctx.grad(0)) dx += ctx.dout().cwiseProduct(ctx.out());
  }
};

// f' = 1 / x
struct Log final : Op {
  const char* name() const override { return "log"; }
  void forward(Context& ctx) override {
    ctx.save_input(0);
    ctx.out() = ctx.in(0).array().log();
  }
  void backward(Context& ctx) override {
    if (Gradient dx = ctx.grad(0)) dx += ctx.dout().cwiseQuotient(ctx.in(0));
  }
};

// f' = 1 / (2 y)
struct Sqrt final : Op {
  const char* name() const override { return "sqrt"; }
  void forward(Context& ctx) override {
    ctx.save_result();
    ctx.out() = exact_sqrt(ctx.in(0).array());
  }
  void backward(Context& ctx) override {
    if (Gradient dx = ctx.grad(0)) dx += ctx.dout().cwiseQuotient(ctx.out()) / 2;
  }
};

// f' = 1 - y²
struct Tanh final : Op {
  const char* name() const override { return "tanh"; }
  void forward(Context& ctx) override {
    ctx.save_result();
    ctx.out() = exact_tanh(ctx.in(0).array());
  }
  void backward(Context& ctx) override {
    if (Gradient dx = ctx.grad(0)) dx += ctx.dout().array() * (1 - ctx.out().array().square());
  }
};

// f' = y (1 - y)
struct Sigmoid final : Op {
  const char* name() const override { return "sigmoid"; }
  void forward(Context& ctx) override {
    ctx.save_result();
    ctx.out() = (1 + (-ctx.in(0).array()).exp()).inverse();
  }
  void backward(Context& ctx) override {
    const auto y = ctx.out().array();
    if (Gradient dx = ctx.grad(0)) dx += ctx.dout().array() * y * (1 - y);
  }
};

// f' = 1 where x > 0, else 0
struct Relu final : Op {
  const char* name() const override { return "relu"; }
  void forward(Context& ctx) override {
    ctx.save_input(0);
    ctx.out() = ctx.in(0).cwiseMax(Scalar{0});
  }
  void backward(Context& ctx) override {
    if (Gradient dx = ctx.grad(0))
      dx += (ctx.in(0).array() > 0).select(ctx.dout().array(), Scalar{0});
  }
};

// y = x Φ(x) with Φ(x) = (1 + erf(x/√2)) / 2      f' = Φ(x) + x φ(x),  φ(x) = exp(-x²/2) / √(2π)
struct GeluErf final : Op {
  const char* name() const override { return "gelu_erf"; }
  void forward(Context& ctx) override {
    ctx.save_input_for_overwriting(0);
    constexpr auto sqrt_half = static_cast<Scalar>(std::numbers::sqrt2 / 2);
    const Matrix& x = ctx.in(0);
    Matrix& y = ctx.out();
    kernels::for_each_chunk(
        x.rows(), kernels::cost::erf * double(x.cols()), [&](Index begin, Index end) {
          const auto xs = x.middleRows(begin, end - begin).array();
          y.middleRows(begin, end - begin) = xs * (1 + (sqrt_half * xs).erf()) / 2;
        });
  }
  void backward(Context& ctx) override {
    constexpr auto sqrt_half = static_cast<Scalar>(std::numbers::sqrt2 / 2);
    const auto density = static_cast<Scalar>(1 / std::sqrt(2 * std::numbers::pi));
    const Matrix &x = ctx.in(0), &dy = ctx.dout();
    Gradient dx = ctx.grad(0);
    if (!dx) return;
    kernels::for_each_chunk(x.rows(), kernels::cost::erf_and_exp * double(x.cols()),
                            [&](Index begin, Index end) {
                              const auto xs = x.middleRows(begin, end - begin).array();
                              const auto cdf = (1 + (sqrt_half * xs).erf()) / 2;
                              const auto pdf = density * (-xs.square() / 2).exp();
                              dx.rows(begin, end - begin) +=
                                  dy.middleRows(begin, end - begin).array() * (cdf + xs * pdf);
                            });
  }
};

// y = x (1 + tanh u)/2 with u = c (x + a x³),  c = √(2/π),  a = 0.044715; Hendrycks & Gimpel 2016.
// Since (1 + tanh u)/2 = σ(2u), y = x s with s = σ(2u), and f' = s + 2 x s (1 - s) c (1 + 3 a x²)
struct GeluTanh final : Op {
  static constexpr Scalar a = static_cast<Scalar>(0.044715);
  const Scalar c = static_cast<Scalar>(std::sqrt(2 / std::numbers::pi));
  const char* name() const override { return "gelu_tanh"; }
  void forward(Context& ctx) override {
    ctx.save_input(0);
    const auto x = ctx.in(0).array();
    ctx.out() = x / (1 + (-2 * c * (x + a * x.cube())).exp());
  }
  void backward(Context& ctx) override {
    Gradient dx = ctx.grad(0);
    if (!dx) return;
    const auto x = ctx.in(0).array();
    Matrix& s = ctx.scratch(ctx.in_shape(0));
    s = (1 + (-2 * c * (x + a * x.cube())).exp()).inverse();
    dx += ctx.dout().array() * s.array() *
          (1 + 2 * x * (1 - s.array()) * c * (1 + 3 * a * x.square()));
  }
};

template <class OpType>
static Var function(Var x) {
  return record(std::make_unique<OpType>(), {x}, x.shape());
}

Var exp(Var x) { return function<Exp>(x); }
Var log(Var x) { return function<Log>(x); }
Var sqrt(Var x) { return function<Sqrt>(x); }
Var tanh(Var x) { return function<Tanh>(x); }
Var sigmoid(Var x) { return function<Sigmoid>(x); }
Var relu(Var x) { return function<Relu>(x); }
Var gelu(Var x, Gelu form) {
  return form == Gelu::erf ? function<GeluErf>(x) : function<GeluTanh>(x);
}

}  // namespace autograd::inline LOWRANK_PRECISION
