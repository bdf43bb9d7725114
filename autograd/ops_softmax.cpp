#include "autograd/kernels.h"
#include "autograd/op_helpers.h"
#include "autograd/ops.h"

// Over each row of x, with the row's maximum m taken off first so that no exponential overflows.

namespace autograd::inline LOWRANK_PRECISION {

// y_j = exp(x_j - m) / Σ_k exp(x_k - m)
// ∂y_k/∂x_j = y_k (δ_kj - y_j), so dx_j = Σ_k dy_k y_k (δ_kj - y_j) = y_j (dy_j - Σ_k dy_k y_k)
struct Softmax final : Op {
  const char* name() const override { return "softmax"; }
  void forward(Context& ctx) override {
    const Matrix& x = ctx.in(0);
    Matrix& y = ctx.out();
    ctx.save_result();
    kernels::for_each_row(x, kernels::cost::exp, [&](Index i) {
      y.row(i) = (x.row(i).array() - x.row(i).maxCoeff()).exp();
      y.row(i) /= y.row(i).sum();
    });
  }
  void backward(Context& ctx) override {
    const Matrix &y = ctx.out(), &dy = ctx.dout();
    Gradient dx = ctx.grad(0);
    if (!dx) return;
    kernels::for_each_row(y, kernels::cost::a_few, [&](Index i) {
      const Scalar dot = dy.row(i).cwiseProduct(y.row(i)).sum();
      dx.row(i) += y.row(i).array() * (dy.row(i).array() - dot);
    });
  }
};

// y_j = x_j - m - log Σ_k exp(x_k - m)            dx_j = dy_j - exp(y_j) Σ_k dy_k
struct LogSoftmax final : Op {
  const char* name() const override { return "log_softmax"; }
  void forward(Context& ctx) override {
    const Matrix& x = ctx.in(0);
    Matrix& y = ctx.out();
    ctx.save_result();
    for (Index i = 0; i < x.rows(); ++i) {
      y.row(i) = x.row(i).array() - x.row(i).maxCoeff();
      y.row(i).array() -= std::log(y.row(i).array().exp().sum());
    }
  }
  void backward(Context& ctx) override {
    const Matrix &y = ctx.out(), &dy = ctx.dout();
    Gradient dx = ctx.grad(0);
    if (!dx) return;
    for (Index i = 0; i < y.rows(); ++i)
      dx.row(i) += dy.row(i).array() - y.row(i).array().exp() * dy.row(i).sum();
  }
};

template <class OpType>
static Var over_rows(Var x) {
  auto op = std::make_unique<OpType>();
  check_shapes(x.value().cols() > 0, op->name(), "wants at least one column", {x});
  return record(std::move(op), {x}, x.shape());
}

Var softmax(Var x) { return over_rows<Softmax>(x); }
Var log_softmax(Var x) { return over_rows<LogSoftmax>(x); }

}  // namespace autograd::inline LOWRANK_PRECISION
