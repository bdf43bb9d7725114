#include <cmath>

#include "autograd/kernels.h"
#include "autograd/op_helpers.h"
#include "autograd/ops.h"

namespace autograd::inline LOWRANK_PRECISION {

// For each row x of N elements: mean μ, variance σ² = Σ (x-μ)²/N, z = (x-μ)/√(σ²+ε), y = z ∘ w + b.
// With g = dy ∘ w:      dx += (g - mean(g) - z mean(g ∘ z)) / √(σ²+ε)
// The two means take off what g does along 1 and z: moving x along either does not change z.
//                       dw += Σ_rows dy ∘ z             db += Σ_rows dy
struct LayerNorm final : Op {
  Scalar eps;
  Matrix* mean = nullptr;  // (M,1)
  Matrix* rstd = nullptr;  // (M,1), 1/√(σ²+ε)
  explicit LayerNorm(Scalar epsilon) : eps(epsilon) {}
  const char* name() const override { return "layernorm"; }

  void forward(Context& ctx) override {
    ctx.save_input(0);
    ctx.save_input(1);
    const Matrix& x = ctx.in(0);
    const auto w = as_row(ctx.in(1)).row(0).array();
    const auto b = as_row(ctx.in(2)).row(0).array();
    Matrix& y = ctx.out();
    mean = &ctx.keep(Shape{x.rows(), 1});
    rstd = &ctx.keep(Shape{x.rows(), 1});
    kernels::for_each_row(x, kernels::cost::norm, [&](Index i) {
      const Scalar mu = x.row(i).mean();
      const Scalar variance = (x.row(i).array() - mu).square().mean();
      const Scalar r = 1 / std::sqrt(variance + eps);
      y.row(i) = (x.row(i).array() - mu) * r * w + b;
      (*mean)(i, 0) = mu;
      (*rstd)(i, 0) = r;
    });
  }

  void backward(Context& ctx) override {
    const Matrix &x = ctx.in(0), &dy = ctx.dout();
    const auto w = as_row(ctx.in(1)).row(0).array();
    if (Gradient dx = ctx.grad(0)) {
      kernels::for_each_row(x, kernels::cost::norm, [&](Index i) {
        const auto z = (x.row(i).array() - (*mean)(i, 0)) * (*rstd)(i, 0);
        const auto g = dy.row(i).array() * w;
        const Scalar mean_g = g.mean(), mean_gz = (g * z).mean();
        dx.row(i) += (g - mean_g - z * mean_gz) * (*rstd)(i, 0);
      });
    }
    if (Gradient dw = ctx.grad(1)) {
      Matrix& dy_z = ctx.scratch(ctx.in_shape(0));
      kernels::for_each_row(x, kernels::cost::a_few, [&](Index i) {
        dy_z.row(i) = dy.row(i).array() * (x.row(i).array() - (*mean)(i, 0)) * (*rstd)(i, 0);
      });
      kernels::add_column_sums(dy_z, dw);
    }
    if (Gradient db = ctx.grad(2)) kernels::add_column_sums(dy, db);
  }
};

Var layernorm(Var x, Var weight, Var bias, double eps) {
  const Index n = x.value().cols();
  check_shapes(n > 0 && weight.value().size() == n && bias.value().size() == n, "layernorm",
               "wants (..,N), (N) and (N)", {x, weight, bias});
  return record(std::make_unique<LayerNorm>(static_cast<Scalar>(eps)), {x, weight, bias},
                x.shape());
}

// y = x ∘ mask                  dx += dy ∘ mask
// mask_i = 0 with probability p, else 1/(1-p), so that E[y] = x
struct Dropout final : Op {
  double p;
  Random* random;          // null after forward: the caller's stream may be gone by then
  Matrix* mask = nullptr;  // the shape of x
  Dropout(double probability, Random& stream) : p(probability), random(&stream) {}
  const char* name() const override { return "dropout"; }
  void forward(Context& ctx) override {
    mask = &ctx.keep(ctx.in_shape(0));
    const auto kept = static_cast<Scalar>(1 / (1 - p));
    for (Scalar& m : mask->reshaped<Eigen::RowMajor>()) m = random->chance(p) ? Scalar{0} : kept;
    random = nullptr;
    ctx.out() = ctx.in(0).cwiseProduct(*mask);
  }
  void backward(Context& ctx) override {
    if (Gradient dx = ctx.grad(0)) dx += ctx.dout().cwiseProduct(*mask);
  }
};

Var dropout(Var x, double p, Random& random) {
  if (!(p >= 0 && p < 1))
    throw std::invalid_argument(fmt::format("dropout: p must be in [0, 1), not {}", p));
  return record(std::make_unique<Dropout>(p, random), {x}, x.shape());
}

}  // namespace autograd::inline LOWRANK_PRECISION
