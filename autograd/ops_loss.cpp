#include <cmath>
#include <limits>

#include "autograd/kernels.h"
#include "autograd/op_helpers.h"
#include "autograd/ops.h"

namespace autograd::inline LOWRANK_PRECISION {

// With p = softmax(x_i) and the target distribution t = (1-ε) onehot(target_i) + ε/V for row i:
//   nll_i = -Σ_j t_j log p_j,   loss = Σ_i w_i nll_i / W,   W = Σ_i w_i
// With z = x_i - max x_i and s = log Σ_j exp(z_j), log p_j = z_j - s. Since Σ_j t_j = 1:
//   nll_i = s - Σ_j t_j z_j,    dx_ij += dloss w_i / W (p_j - t_j)
// The maximum is kept beside s and never added to it: a float that holds both, the logarithm of the
// sum of the exp(x_j), has no digits left for s where the logits are large.
struct CrossEntropy final : Op {
  CrossEntropySpec spec;
  double W = 0;
  Matrix* max = nullptr;      // (M,1)
  Matrix* log_sum = nullptr;  // (M,1), s of each row
  explicit CrossEntropy(CrossEntropySpec s) : spec(std::move(s)) {
    for (std::size_t i = 0; i < spec.targets.size(); ++i) W += weight(i);
  }
  const char* name() const override { return "cross_entropy"; }

  double weight(std::size_t i) const {
    if (spec.targets[i] == spec.ignore_index) return 0;
    return spec.weights.empty() ? 1 : static_cast<double>(spec.weights[i]);
  }

  void forward(Context& ctx) override {
    ctx.save_input_for_overwriting(0);
    const Matrix& x = ctx.in(0);
    max = &ctx.keep(Shape{x.rows(), 1});
    log_sum = &ctx.keep(Shape{x.rows(), 1});
    kernels::for_each_row(x, kernels::cost::exp, [&](Index i) {
      if (weight(static_cast<std::size_t>(i)) == 0) return;
      (*max)(i, 0) = x.row(i).maxCoeff();
      (*log_sum)(i, 0) = std::log((x.row(i).array() - (*max)(i, 0)).exp().sum());
    });
    double loss = 0;
    for (Index i = 0; i < x.rows(); ++i) {
      const auto row = static_cast<std::size_t>(i);
      if (weight(row) == 0) continue;
      const double eps = spec.label_smoothing, m = (*max)(i, 0);
      double expected = (1 - eps) * (x(i, spec.targets[row]) - m);  // Σ_j t_j z_j
      if (eps > 0)  // 0 times a logit of -∞ is a NaN
        expected += eps * double((x.row(i).array() - (*max)(i, 0)).mean());
      loss += weight(row) * (double((*log_sum)(i, 0)) - expected);
    }
    ctx.out()(0, 0) = static_cast<Scalar>(loss / W);
  }

  void backward(Context& ctx) override {
    const Matrix& x = ctx.in(0);
    Gradient dx = ctx.grad(0);
    if (!dx) return;
    const double dloss = ctx.dout()(0, 0), eps = spec.label_smoothing;
    const auto smooth = static_cast<Scalar>(eps / static_cast<double>(x.cols()));
    kernels::for_each_row(x, kernels::cost::exp, [&](Index i) {
      const auto row = static_cast<std::size_t>(i);
      Gradient dx_i = dx.row(i);
      if (weight(row) == 0) {
        dx_i.zeroed();
        return;
      }
      const auto c = static_cast<Scalar>(dloss * weight(row) / W);
      dx_i += c * ((x.row(i).array() - (*max)(i, 0) - (*log_sum)(i, 0)).exp() - smooth);
      dx_i.sum()(0, spec.targets[row]) -= c * static_cast<Scalar>(1 - eps);
    });
  }
};

Var cross_entropy(Var logits, CrossEntropySpec spec) {
  const auto rows = static_cast<std::size_t>(logits.value().rows());
  check_shapes(spec.targets.size() == rows && (spec.weights.empty() || spec.weights.size() == rows),
               "cross_entropy", "wants one target, and one weight or none, for each row", {logits});
  for (const int t : spec.targets)
    if (t != spec.ignore_index && (t < 0 || t >= logits.value().cols()))
      throw std::invalid_argument(
          fmt::format("cross_entropy: target {} is not in 0..{}", t, logits.value().cols() - 1));
  for (const Scalar w : spec.weights)
    if (!(w >= 0 && std::isfinite(w)))
      throw std::invalid_argument(
          fmt::format("cross_entropy: weight {} is not a finite number >= 0", w));
  if (!(spec.label_smoothing >= 0 && spec.label_smoothing < 1))
    throw std::invalid_argument(fmt::format(
        "cross_entropy: label smoothing must be in [0, 1), not {}", spec.label_smoothing));
  auto op = std::make_unique<CrossEntropy>(std::move(spec));
  if (!(op->W > 0)) throw std::invalid_argument("cross_entropy: no row has a weight");
  return record(std::move(op), {logits}, Shape{1});
}

// With p = softmax(a), q = softmax(b) and M rows:    y = 1/M Σ_i Σ_j p_ij (log p_ij - log q_ij)
//   db_ij += dy/M (q_ij - p_ij)
//   da_ij += dy/M p_ij (log p_ij - log q_ij - KL_i): the Jacobian of softmax on log p - log q + 1
// Where p_ij = 0, of a logit of -infinity, the term counts as 0, whatever q_ij is: the limit of
// p log p.
struct KlDivergence final : Op {
  Matrix *log_p = nullptr, *log_q = nullptr;  // (M,V)
  Matrix* kl = nullptr;                       // (M,1), of each row
  const char* name() const override { return "kl_divergence"; }

  static void log_softmax_rows(const Matrix& x, Matrix& y) {
    for (Index i = 0; i < x.rows(); ++i) {
      y.row(i) = x.row(i).array() - x.row(i).maxCoeff();
      y.row(i).array() -= std::log(y.row(i).array().exp().sum());
    }
  }

  // log p - log q, and 0 where p = 0; a matrix, so that no sum takes another order for that choice.
  Matrix log_ratio() const {
    constexpr Scalar never = -std::numeric_limits<Scalar>::infinity();
    return (log_p->array() == never).select(Scalar{0}, *log_p - *log_q);
  }

  void forward(Context& ctx) override {
    log_p = &ctx.keep(ctx.in_shape(0));
    log_q = &ctx.keep(ctx.in_shape(1));
    kl = &ctx.keep(Shape{ctx.in(0).rows(), 1});
    log_softmax_rows(ctx.in(0), *log_p);
    log_softmax_rows(ctx.in(1), *log_q);
    *kl = (log_p->array().exp() * log_ratio().array()).rowwise().sum().matrix();
    ctx.out()(0, 0) = static_cast<Scalar>(kl->cast<double>().mean());
  }

  void backward(Context& ctx) override {
    const Scalar c = ctx.dout()(0, 0) / static_cast<Scalar>(kl->rows());
    if (Gradient da = ctx.grad(0))
      da += c * log_p->array().exp() * (log_ratio().array().colwise() - kl->col(0).array());
    if (Gradient db = ctx.grad(1)) db += c * (log_q->array().exp() - log_p->array().exp());
  }
};

Var kl_divergence(Var p_logits, Var q_logits) {
  check_shapes(p_logits.shape() == q_logits.shape() && p_logits.value().size() > 0, "kl_divergence",
               "wants equal shapes", {p_logits, q_logits});
  return record(std::make_unique<KlDivergence>(), {p_logits, q_logits}, Shape{1});
}

// y = mean (x - z)²             dx += 2 dy (x - z) / n           dz -= the same
struct MeanSquaredError final : Op {
  const char* name() const override { return "mean_squared_error"; }
  void forward(Context& ctx) override {
    ctx.save_input(0);
    ctx.save_input(1);
    const auto difference = (ctx.in(0) - ctx.in(1)).cast<double>();
    ctx.out()(0, 0) = static_cast<Scalar>(difference.array().square().mean());
  }
  void backward(Context& ctx) override {
    const Matrix &x = ctx.in(0), &z = ctx.in(1);
    const Scalar c = 2 * ctx.dout()(0, 0) / static_cast<Scalar>(x.size());
    if (Gradient dx = ctx.grad(0)) dx += c * (x - z);
    if (Gradient dz = ctx.grad(1)) dz += c * (z - x);
  }
};

Var mean_squared_error(Var x, Var z) {
  check_shapes(x.shape() == z.shape() && x.value().size() > 0, "mean_squared_error",
               "wants equal shapes", {x, z});
  return record(std::make_unique<MeanSquaredError>(), {x, z}, Shape{1});
}

}  // namespace autograd::inline LOWRANK_PRECISION
