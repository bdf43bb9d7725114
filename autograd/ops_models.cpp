#include "autograd/ops_models.h"

#include "autograd/op_helpers.h"

namespace autograd::inline LOWRANK_PRECISION {

// ---- recurrent networks ------------------------------------------------------------------------

// Part k of matrices that stand side by side, each H columns wide
template <class M>
static auto part(M& side_by_side, Index k, Index H) {
  return side_by_side.middleCols(k * H, H).array();
}

template <class X>
static auto sigma(const Eigen::ArrayBase<X>& x) {
  return (1 + (-x.derived()).exp()).inverse();
}

// c' = σ(f) ∘ c + σ(i) ∘ tanh(g) with the pre-activations i, f, g, o. Below, i, f and g are the
// values of σ and tanh, whose slopes are i (1 - i), f (1 - f) and 1 - g².
//   di += dc' ∘ g ∘ i (1 - i)       df += dc' ∘ c ∘ f (1 - f)       dg += dc' ∘ i ∘ (1 - g²)
//   dc += dc' ∘ f                   o has no part in the cell
struct LstmCell final : Op {
  Matrix* activations = nullptr;  // (M,3H): i, f, g
  const char* name() const override { return "lstm_cell"; }

  void forward(Context& ctx) override {
    ctx.save_input(1);
    const Matrix &gates = ctx.in(0), &c = ctx.in(1);
    const Index H = c.cols();
    activations = &ctx.keep({c.rows(), 3 * H});
    auto i = part(*activations, 0, H), f = part(*activations, 1, H), g = part(*activations, 2, H);
    i = sigma(part(gates, 0, H));
    f = sigma(part(gates, 1, H));
    g = exact_tanh(part(gates, 2, H));
    ctx.out() = f * c.array() + i * g;
  }

  void backward(Context& ctx) override {
    const Index H = ctx.in(1).cols();
    const auto c = ctx.in(1).array(), dy = ctx.dout().array();
    const auto i = part(*activations, 0, H), f = part(*activations, 1, H),
               g = part(*activations, 2, H);
    if (Gradient gradient = ctx.grad(0)) {
      auto gates = gradient.zeroed();
      part(gates, 0, H) += dy * g * i * (1 - i);
      part(gates, 1, H) += dy * c * f * (1 - f);
      part(gates, 2, H) += dy * i * (1 - g.square());
    }
    if (Gradient dc = ctx.grad(1)) dc += dy * f;
  }
};

static void check_gates(const char* op, Var gates, Var c) {
  const Shape a = gates.shape(), b = c.shape();
  check_shapes(a.rows() == b.rows() && a.cols() == 4 * b.cols(), op, "wants (M,4H) and (M,H)",
               {gates, c});
}

Var lstm_cell(Var gates, Var c) {
  check_gates("lstm_cell", gates, c);
  return record(std::make_unique<LstmCell>(), {gates, c}, c.shape());
}

// h = σ(o) ∘ tanh(c). With o and t the values of σ and tanh:
//   do += dh ∘ t ∘ o (1 - o)        dc += dh ∘ o ∘ (1 - t²)
struct LstmOutput final : Op {
  Matrix* activations = nullptr;  // (M,2H): o, t
  const char* name() const override { return "lstm_output"; }

  void forward(Context& ctx) override {
    const Matrix &gates = ctx.in(0), &c = ctx.in(1);
    const Index H = c.cols();
    activations = &ctx.keep({c.rows(), 2 * H});
    auto o = part(*activations, 0, H), t = part(*activations, 1, H);
    o = sigma(part(gates, 3, H));
    t = exact_tanh(c.array());
    ctx.out() = o * t;
  }

  void backward(Context& ctx) override {
    const Index H = ctx.dout().cols();
    const auto dh = ctx.dout().array();
    const auto o = part(*activations, 0, H), t = part(*activations, 1, H);
    if (Gradient gradient = ctx.grad(0)) {
      auto gates = gradient.zeroed();
      part(gates, 3, H) += dh * t * o * (1 - o);
    }
    if (Gradient dc = ctx.grad(1)) dc += dh * o * (1 - t.square());
  }
};

Var lstm_output(Var gates, Var c) {
  check_gates("lstm_output", gates, c);
  return record(std::make_unique<LstmOutput>(), {gates, c}, c.shape());
}

// h' = (1 - z) ∘ n + z ∘ h with r = σ(x_r + u_r), z = σ(x_z + u_z), n = tanh(x_n + r ∘ u_n). For
// what stands inside σ and tanh, with r, z and n their values:
//   dn = dh' ∘ (1 - z) ∘ (1 - n²)   dz = dh' ∘ (h - n) ∘ z (1 - z)   dr = dn ∘ u_n ∘ r (1 - r)
// and so
//   dx += [dr dz dn]                du += [dr dz r ∘ dn]             dh += dh' ∘ z
struct GruStep final : Op {
  Matrix* activations = nullptr;  // (M,3H): r, z, n
  const char* name() const override { return "gru_step"; }

  void forward(Context& ctx) override {
    ctx.save_input(1);
    ctx.save_input(2);
    const Matrix &x = ctx.in(0), &u = ctx.in(1), &h = ctx.in(2);
    const Index H = h.cols();
    activations = &ctx.keep({h.rows(), 3 * H});
    auto r = part(*activations, 0, H), z = part(*activations, 1, H), n = part(*activations, 2, H);
    r = sigma(part(x, 0, H) + part(u, 0, H));
    z = sigma(part(x, 1, H) + part(u, 1, H));
    n = exact_tanh(part(x, 2, H) + r * part(u, 2, H));
    ctx.out() = (1 - z) * n + z * h.array();
  }

  void backward(Context& ctx) override {
    const Index H = ctx.in(2).cols(), M = ctx.in(2).rows();
    const auto r = part(*activations, 0, H), z = part(*activations, 1, H),
               n = part(*activations, 2, H);
    const auto h = ctx.in(2).array(), dy = ctx.dout().array();
    Matrix& inside = ctx.scratch({M, 3 * H});
    auto dr = part(inside, 0, H), dz = part(inside, 1, H), dn = part(inside, 2, H);
    dn = dy * (1 - z) * (1 - n.square());
    dz = dy * (h - n) * z * (1 - z);
    dr = dn * part(ctx.in(1), 2, H) * r * (1 - r);
    if (Gradient dx = ctx.grad(0)) dx += inside;
    if (Gradient du = ctx.grad(1)) {
      du.block(0, 0, M, 2 * H) += inside.leftCols(2 * H);
      du.block(0, 2 * H, M, H) += r * dn;
    }
    if (Gradient dh = ctx.grad(2)) dh += dy * z;
  }
};

Var gru_step(Var x, Var u, Var h) {
  const Shape a = x.shape(), b = u.shape(), c = h.shape();
  check_shapes(a.rows() == c.rows() && b.rows() == c.rows() && a.cols() == 3 * c.cols() &&
                   b.cols() == 3 * c.cols(),
               "gru_step", "wants (M,3H), (M,3H) and (M,H)", {x, u, h});
  return record(std::make_unique<GruStep>(), {x, u, h}, h.shape());
}

}  // namespace autograd::inline LOWRANK_PRECISION
