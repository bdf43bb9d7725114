#include "autograd/ops_models.h"

#include <cmath>
#include <limits>

#include "autograd/kernels.h"
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

// ---- transformers ------------------------------------------------------------------------------

// y = x σ(x)                    f' = σ(x) (1 + x (1 - σ(x)))
struct Silu final : Op {
  const char* name() const override { return "silu"; }
  void forward(Context& ctx) override {
    ctx.save_input(0);
    const auto x = ctx.in(0).array();
    ctx.out() = x * sigma(x);
  }
  void backward(Context& ctx) override {
    Gradient dx = ctx.grad(0);
    if (!dx) return;
    const auto x = ctx.in(0).array();
    Matrix& s = ctx.scratch(ctx.in_shape(0));
    s = sigma(x);
    dx += ctx.dout().array() * s.array() * (1 + x * (1 - s.array()));
  }
};

Var silu(Var x) { return record(std::make_unique<Silu>(), {x}, x.shape()); }

// For each row x of N elements: ρ = 1/√(mean(x²)+ε), y = x ρ ∘ w.
// With g = dy ∘ w:      dx += ρ (g - x ρ² mean(g ∘ x))          dw += Σ_rows dy ∘ x ρ
// The mean takes off what g does along x: the length of x does not change y, but for ε.
struct RmsNorm final : Op {
  Scalar eps;
  Matrix* rho = nullptr;  // (M,1)
  explicit RmsNorm(Scalar epsilon) : eps(epsilon) {}
  const char* name() const override { return "rms_norm"; }

  void forward(Context& ctx) override {
    ctx.save_input(0);
    ctx.save_input(1);
    const Matrix& x = ctx.in(0);
    const auto w = as_row(ctx.in(1)).row(0).array();
    rho = &ctx.keep(Shape{x.rows(), 1});
    kernels::for_each_row(x, kernels::cost::norm, [&](Index i) {
      (*rho)(i, 0) = 1 / std::sqrt(x.row(i).array().square().mean() + eps);
      ctx.out().row(i) = x.row(i).array() * (*rho)(i, 0) * w;
    });
  }

  void backward(Context& ctx) override {
    const Matrix &x = ctx.in(0), &dy = ctx.dout();
    const auto w = as_row(ctx.in(1)).row(0).array();
    if (Gradient dx = ctx.grad(0)) {
      kernels::for_each_row(x, kernels::cost::norm, [&](Index i) {
        const Scalar r = (*rho)(i, 0);
        const auto g = dy.row(i).array() * w;
        const Scalar mean_gx = (g * x.row(i).array()).mean();
        dx.row(i) += r * (g - x.row(i).array() * (r * r * mean_gx));
      });
    }
    if (Gradient dw = ctx.grad(1)) {
      Matrix& dy_z = ctx.scratch(ctx.in_shape(0));
      kernels::for_each_row(x, kernels::cost::a_few, [&](Index i) {
        dy_z.row(i) = dy.row(i).array() * x.row(i).array() * (*rho)(i, 0);
      });
      kernels::add_column_sums(dy_z, dw);
    }
  }
};

Var rms_norm(Var x, Var weight, double eps) {
  check_shapes(x.shape().cols() > 0 && weight.shape().size() == x.shape().cols(), "rms_norm",
               "wants (..,N) and (N)", {x, weight});
  return record(std::make_unique<RmsNorm>(static_cast<Scalar>(eps)), {x, weight}, x.shape());
}

// For each head, x = (x₁, x₂) in halves, and each position t with the angles φ_j = t θ_j:
//   y₁ = x₁ ∘ cos φ - x₂ ∘ sin φ,   y₂ = x₂ ∘ cos φ + x₁ ∘ sin φ
// Each (x₁_j, x₂_j) is turned by φ_j, so dx is dy turned back, by -φ.
struct Rotary final : Op {
  RotarySpec spec;
  Index T, half;              // positions; features in half a head
  Matrix* cos_sin = nullptr;  // (T, 2 half): cos φ beside sin φ
  Rotary(RotarySpec rotary, const Shape& x)
      : spec(std::move(rotary)), T(x[1]), half(x[2] / spec.heads / 2) {}
  const char* name() const override { return "rotary"; }

  // turn(row, begin of a head's first half, begin of its second, cos φ, sin φ) for every head of
  // every row
  template <class Turn>
  void for_each_head(const Matrix& x, const Turn& turn) const {
    kernels::for_each_row(x, kernels::cost::a_few, [&](Index i) {
      const auto angles = cos_sin->row(i % T).array();
      for (Index h = 0; h < spec.heads; ++h)
        turn(i, 2 * h * half, (2 * h + 1) * half, angles.head(half), angles.tail(half));
    });
  }

  void forward(Context& ctx) override {
    const Matrix& x = ctx.in(0);
    cos_sin = &ctx.keep(Shape{T, 2 * half});
    for (Index t = 0; t < T; ++t)
      for (Index j = 0; j < half; ++j) {
        const double angle = static_cast<double>(spec.first_position + t) *
                             spec.frequencies[static_cast<std::size_t>(j)];
        (*cos_sin)(t, j) = static_cast<Scalar>(std::cos(angle));
        (*cos_sin)(t, half + j) = static_cast<Scalar>(std::sin(angle));
      }
    for_each_head(x, [&](Index i, Index first, Index second, auto cos, auto sin) {
      const auto x1 = x.row(i).segment(first, half).array();
      const auto x2 = x.row(i).segment(second, half).array();
      ctx.out().row(i).segment(first, half) = x1 * cos - x2 * sin;
      ctx.out().row(i).segment(second, half) = x2 * cos + x1 * sin;
    });
  }

  void backward(Context& ctx) override {
    const Gradient dx = ctx.grad(0);
    if (!dx) return;
    const Matrix& dy = ctx.dout();
    for_each_head(dy, [&](Index i, Index first, Index second, auto cos, auto sin) {
      const auto dy1 = dy.row(i).segment(first, half).array();
      const auto dy2 = dy.row(i).segment(second, half).array();
      dx.block(i, first, 1, half) += dy1 * cos + dy2 * sin;
      dx.block(i, second, 1, half) += dy2 * cos - dy1 * sin;
    });
  }
};

Var rotary(Var x, const RotarySpec& spec) {
  const Shape s = x.shape();
  const auto half = static_cast<Index>(spec.frequencies.size());
  check_shapes(s.rank() == 3 && spec.heads > 0 && s[2] == 2 * half * spec.heads, "rotary",
               "wants (B,T,C) with C = 2 frequencies for each head", {x});
  return record(std::make_unique<Rotary>(spec, s), {x}, s);
}

// The shape of x with another last size.
static Shape last_size(const Shape& x, Index cols) {
  std::vector<Index> sizes;
  for (int i = 0; i + 1 < x.rank(); ++i) sizes.push_back(x[i]);
  sizes.push_back(cols);
  return Shape(sizes);
}

// y block h = x block ⌊h / times⌋            dx block k += Σ dy blocks that are copies of it
struct RepeatHeads final : Op {
  Index heads, times;
  RepeatHeads(Index of, Index copies) : heads(of), times(copies) {}
  const char* name() const override { return "repeat_heads"; }
  void forward(Context& ctx) override {
    const Matrix& x = ctx.in(0);
    const Index hs = x.cols() / heads;
    for (Index h = 0; h < heads * times; ++h)
      ctx.out().middleCols(h * hs, hs) = x.middleCols(h / times * hs, hs);
  }
  void backward(Context& ctx) override {
    Gradient gradient = ctx.grad(0);
    if (!gradient) return;
    auto dx = gradient.zeroed();
    const Index hs = dx.cols() / heads;
    for (Index h = 0; h < heads * times; ++h)
      dx.middleCols(h / times * hs, hs) += ctx.dout().middleCols(h * hs, hs);
  }
};

Var repeat_heads(Var x, Index heads, Index times) {
  const Index C = x.shape().cols();
  check_shapes(heads > 0 && times > 0 && C % heads == 0, "repeat_heads",
               "wants columns that the heads divide", {x});
  return record(std::make_unique<RepeatHeads>(heads, times), {x}, last_size(x.shape(), times * C));
}

// For each batch row and head, with Q, K, V (T,hs), Pk and Pq (R,hs), δ = i - j and s the scale:
//   S_ij = s (Q Kᵀ)_ij + s (Q Pkᵀ)_{i,row(δ)} + s (K Pqᵀ)_{j,row(δ)},  P = softmax of rows,  Y = P V
// Backward as attention's up to dS. Then S = s Q Kᵀ + ... is a sum of three products, of which the
// last two are looked up; what a lookup got, its table gets back, dA = Σ over the δ of one row:
//   dQ += s dS K + s dA Pk,  dPk += s dAᵀ Q,  dA_{i,row(δ)} += dS_ij
//   dK += s dSᵀ Q + s dB Pq, dPq += s dBᵀ K,  dB_{j,row(δ)} += dS_ij
struct DisentangledAttention final : Op {
  DisentangledSpec spec;
  Index B, T, hs;
  int pos_k, pos_q;  // the inputs that hold the tables, -1 for one that is missing
  Scalar s;
  Matrix* P = nullptr;  // (B*H*T, T)
  DisentangledAttention(DisentangledSpec attention, const Shape& q, int k_table, int q_table)
      : spec(std::move(attention)),
        B(q[0]),
        T(q[1]),
        hs(q[2] / spec.heads),
        pos_k(k_table),
        pos_q(q_table),
        s(static_cast<Scalar>(spec.scale)) {}
  const char* name() const override { return "disentangled_attention"; }

  // The heads side by side in threads, the batch rows of one after the other: they share its tables.
  template <class Work>
  void for_each_head(const Work& work) const {
    kernels::for_each_chunk(spec.heads, 16.0 * double(B * T) * double(T) * double(hs),
                            [&](Index begin, Index end) {
                              for (Index h = begin; h < end; ++h)
                                for (Index b = 0; b < B; ++b) work(b, h);
                            });
  }
  bool seen(Index b, Index t) const {
    return spec.mask.empty() || spec.mask[static_cast<std::size_t>(b * T + t)];
  }
  int row(Index i, Index j) const {
    return spec.row_of_distance[static_cast<std::size_t>(i - j + T - 1)];
  }
  auto head(const Matrix& x, Index b, Index h) const { return x.block(b * T, h * hs, T, hs); }
  auto table(const Matrix& p, Index h) const { return p.middleCols(h * hs, hs); }
  auto weights(Index b, Index h) const { return P->middleRows((b * spec.heads + h) * T, T); }

  void forward(Context& ctx) override {
    for (int i = 0; i < 3 + (pos_k > 0) + (pos_q > 0); ++i) ctx.save_input(i);
    const Matrix &q = ctx.in(0), &k = ctx.in(1), &v = ctx.in(2);
    P = &ctx.keep(Shape{B * spec.heads * T, T});
    for_each_head([&](Index b, Index h) {
      auto S = weights(b, h);
      kernels::matmul_nt(head(q, b, h), head(k, b, h), S, s);
      Matrix part;
      if (pos_k > 0) {
        part.resize(T, ctx.in(pos_k).rows());
        kernels::matmul_nt(head(q, b, h), table(ctx.in(pos_k), h), part, s);
        for (Index i = 0; i < T; ++i)
          for (Index j = 0; j < T; ++j) S(i, j) += part(i, row(i, j));
      }
      if (pos_q > 0) {
        part.resize(T, ctx.in(pos_q).rows());
        kernels::matmul_nt(head(k, b, h), table(ctx.in(pos_q), h), part, s);
        for (Index i = 0; i < T; ++i)
          for (Index j = 0; j < T; ++j) S(i, j) += part(j, row(i, j));
      }
      softmax(S, b);
      kernels::matmul_nn(S, head(v, b, h), ctx.out().block(b * T, h * hs, T, hs));
    });
  }

  // Each row of S over the keys that are no padding; zeros in the row of a query that is.
  template <class Block>
  void softmax(Block S, Index b) const {
    for (Index i = 0; i < T; ++i) {
      Scalar max = -std::numeric_limits<Scalar>::infinity(), sum = 0;
      for (Index j = 0; j < T; ++j)
        if (seen(b, j)) max = std::max(max, S(i, j));
      for (Index j = 0; j < T; ++j) {
        S(i, j) = seen(b, i) && seen(b, j) ? std::exp(S(i, j) - max) : Scalar{0};
        sum += S(i, j);
      }
      if (sum > 0) S.row(i) /= sum;
    }
  }

  void backward(Context& ctx) override {
    const Matrix &q = ctx.in(0), &k = ctx.in(1), &v = ctx.in(2), &dy = ctx.dout();
    Gradient dq = ctx.grad(0), dk = ctx.grad(1), dv = ctx.grad(2);
    Gradient dpk = pos_k > 0 ? ctx.grad(pos_k) : Gradient{};
    Gradient dpq = pos_q > 0 ? ctx.grad(pos_q) : Gradient{};
    for (Gradient* g : {&dq, &dk, &dv, &dpk, &dpq})
      if (*g) g->zeroed();  // several parts are added to each
    const auto part = [&](const Gradient& g, Index b, Index h) {
      return g.block(b * T, h * hs, T, hs);
    };
    for_each_head([&](Index b, Index h) {
      const auto Q = head(q, b, h), K = head(k, b, h), dY = head(dy, b, h);
      const auto weight = weights(b, h);
      if (dv) kernels::add_matmul_tn(weight, dY, part(dv, b, h));
      Matrix dS(T, T);
      kernels::matmul_nt(dY, head(v, b, h), dS);  // dP
      for (Index i = 0; i < T; ++i) {
        const Scalar dot = dS.row(i).dot(weight.row(i));
        dS.row(i).array() = weight.row(i).array() * (dS.row(i).array() - dot);
      }
      if (dq) kernels::add_matmul_nn(dS, K, part(dq, b, h), s);
      if (dk) kernels::add_matmul_tn(dS, Q, part(dk, b, h), s);
      if (pos_k > 0) {
        const auto Pk = table(ctx.in(pos_k), h);
        Matrix dA = Matrix::Zero(T, Pk.rows());
        for (Index i = 0; i < T; ++i)
          for (Index j = 0; j < T; ++j) dA(i, row(i, j)) += dS(i, j);
        if (dq) kernels::add_matmul_nn(dA, Pk, part(dq, b, h), s);
        if (dpk) kernels::add_matmul_tn(dA, Q, dpk.block(0, h * hs, Pk.rows(), hs), s);
      }
      if (pos_q > 0) {
        const auto Pq = table(ctx.in(pos_q), h);
        Matrix dB = Matrix::Zero(T, Pq.rows());
        for (Index i = 0; i < T; ++i)
          for (Index j = 0; j < T; ++j) dB(j, row(i, j)) += dS(i, j);
        if (dk) kernels::add_matmul_nn(dB, Pq, part(dk, b, h), s);
        if (dpq) kernels::add_matmul_tn(dB, K, dpq.block(0, h * hs, Pq.rows(), hs), s);
      }
    });
  }
};

Var disentangled_attention(Var q, Var k, Var v, std::optional<Var> pos_k, std::optional<Var> pos_q,
                           const DisentangledSpec& spec) {
  const char* op = "disentangled_attention";
  const Shape x = q.shape();
  check_shapes(
      x.rank() == 3 && k.shape() == x && v.shape() == x && spec.heads > 0 && x[2] % spec.heads == 0,
      op, "wants three (B,T,C), whose C the heads divide", {q, k, v});
  const auto positions = static_cast<std::size_t>(x[0] * x[1]);
  const auto distances = static_cast<std::size_t>(2 * x[1] - 1);
  if ((!spec.mask.empty() && spec.mask.size() != positions) ||
      spec.row_of_distance.size() != distances)
    throw ShapeError(fmt::format("{}: {} mask entries for {} positions, {} rows for {} distances",
                                 op, spec.mask.size(), positions, spec.row_of_distance.size(),
                                 distances));
  std::vector<Var> inputs{q, k, v};
  for (const std::optional<Var>& table : {pos_k, pos_q}) {
    if (!table) continue;
    check_shapes(table->shape().cols() == x[2], op, "wants tables (R,C)", {*table, q});
    for (const int row : spec.row_of_distance)
      if (row < 0 || row >= table->shape().rows())
        throw std::invalid_argument(
            fmt::format("{}: {} is not in 0..{}", op, row, table->shape().rows() - 1));
    inputs.push_back(*table);
  }
  auto attention = std::make_unique<DisentangledAttention>(spec, x, pos_k ? 3 : -1,
                                                           pos_q ? (pos_k ? 4 : 3) : -1);
  return q.tape->record(std::move(attention), inputs, x);
}

// y(b, t, c k + o) = x(b, t + o - ⌊k/2⌋, c), 0 outside the row     dx(b, t, c) += Σ_o of its copies
struct Unfold final : Op {
  Index T, kernel;
  Unfold(Index positions, Index neighbours) : T(positions), kernel(neighbours) {}
  const char* name() const override { return "unfold"; }

  // copy(row of y, row of x, o) for every neighbour that is there
  template <class Copy>
  void for_each_neighbour(Index rows, const Copy& copy) const {
    for (Index i = 0; i < rows; ++i)
      for (Index o = 0; o < kernel; ++o) {
        const Index t = i % T + o - kernel / 2;
        if (t >= 0 && t < T) copy(i, i - i % T + t, o);
      }
  }
  void forward(Context& ctx) override {
    const Matrix& x = ctx.in(0);
    Matrix& y = ctx.out();
    y.setZero();
    for_each_neighbour(x.rows(), [&](Index i, Index from, Index o) {
      for (Index c = 0; c < x.cols(); ++c) y(i, c * kernel + o) = x(from, c);
    });
  }
  void backward(Context& ctx) override {
    Gradient gradient = ctx.grad(0);
    if (!gradient) return;
    auto dx = gradient.zeroed();
    for_each_neighbour(dx.rows(), [&](Index i, Index from, Index o) {
      for (Index c = 0; c < dx.cols(); ++c) dx(from, c) += ctx.dout()(i, c * kernel + o);
    });
  }
};

Var unfold(Var x, Index kernel) {
  const Shape s = x.shape();
  check_shapes(s.rank() == 3 && kernel > 0 && kernel % 2 == 1, "unfold",
               "wants (B,T,C) and an odd kernel", {x});
  return record(std::make_unique<Unfold>(s[1], kernel), {x}, Shape{s[0], s[1], s[2] * kernel});
}

}  // namespace autograd::inline LOWRANK_PRECISION
