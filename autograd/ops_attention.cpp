#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/kernels.h"
#include "autograd/ops.h"
#include "autograd/record.h"

namespace autograd::inline AUTOGRAD_PRECISION {

// For each batch row and head, with Q (Tq,hs), K and V (Tk,hs) blocks of q, k, v and s = 1/√hs:
//   S = s Q Kᵀ,  P = softmax of each row of S over the keys the query may see,  Y = P V
// Backward, from the product rule and the softmax's Jacobian:
//   dV += Pᵀ dY,  dP = dY Vᵀ,  dS = P ∘ (dP - rowsum(dP ∘ P)),  dQ += s dS K,  dK += s dSᵀ Q
// Pairs of (batch row, head) touch disjoint blocks, so they are shared among threads.
struct Attention final : Op {
  AttentionSpec spec;
  Index B, Tq, Tk, hs;
  Scalar s;
  Matrix* P = nullptr;  // (B*H*Tq, Tk); zero where the query may not look

  Attention(AttentionSpec attention, const Shape& q, const Shape& k)
      : spec(std::move(attention)),
        B(q[0]),
        Tq(q[1]),
        Tk(k[1]),
        hs(q[2] / spec.heads),
        s(static_cast<Scalar>(1 / std::sqrt(static_cast<double>(hs)))) {}
  const char* name() const override { return "attention"; }

  // Calls work(b, h) for every pair, in parallel.
  template <class Work>
  void for_each_head(const Work& work) const {
    const double cost = 8.0 * double(Tq) * double(Tk) * double(hs);
    kernels::for_each_chunk(B * spec.heads, cost, [&](Index begin, Index end) {
      for (Index i = begin; i < end; ++i) work(i / spec.heads, i % spec.heads);
    });
  }

  // How many of the first keys query i may see; padding among them is hidden as well.
  Index visible(Index i) const {
    return spec.causal ? std::clamp<Index>(i + Tk - Tq + 1, 0, Tk) : Tk;
  }

  template <class Row>
  void set_padding(Row row, Index b, Scalar value) const {
    if (spec.real_keys.empty()) return;
    for (Index j = 0; j < Tk; ++j)
      if (!spec.real_keys[static_cast<std::size_t>(b * Tk + j)]) row(j) = value;
  }

  // Turns the scores p (Tq,Tk) of one head of batch row b into probabilities. The exponential runs
  // over the whole block at once, hidden keys included: rows are too short to fill the processor's
  // vectors. Hidden keys get zero after it, exactly; Eigen's exp(-∞) is 1e-39 on some processors.
  template <class Scores>
  void softmax_rows(Scores p, Index b) const {
    constexpr Scalar nothing = -std::numeric_limits<Scalar>::infinity();
    for (Index i = 0; i < Tq; ++i) {
      set_padding(p.row(i), b, nothing);
      const Scalar max = visible(i) > 0 ? p.row(i).head(visible(i)).maxCoeff() : nothing;
      if (max != nothing) p.row(i).array() -= max;
    }
    p.array() = p.array().exp();
    for (Index i = 0; i < Tq; ++i) {
      p.row(i).tail(Tk - visible(i)).setZero();
      set_padding(p.row(i), b, 0);
      const Scalar sum = p.row(i).sum();
      if (sum != 0) p.row(i) /= sum;  // 0: a query that sees nothing gets zeros
    }
  }

  void forward(Context& ctx) override {
    const Matrix &q = ctx.in(0), &k = ctx.in(1), &v = ctx.in(2);
    Matrix& y = ctx.out();
    P = &ctx.keep(Shape{B * spec.heads * Tq, Tk});
    P->setZero();
    y.setZero();
    for_each_head([&](Index b, Index h) {
      const auto Q = q.block(b * Tq, h * hs, Tq, hs);
      const auto K = k.block(b * Tk, h * hs, Tk, hs), V = v.block(b * Tk, h * hs, Tk, hs);
      auto p = P->middleRows((b * spec.heads + h) * Tq, Tq);
      kernels::add_matmul_nt(Q, K, p, s);
      softmax_rows(p, b);
      kernels::add_matmul_nn(p, V, y.block(b * Tq, h * hs, Tq, hs));
    });
    ctx.count_flops(4.0 * double(B * Tq) * double(Tk) * double(hs * spec.heads));
  }

  void backward(Context& ctx) override {
    const Matrix &q = ctx.in(0), &k = ctx.in(1), &v = ctx.in(2), &dy = ctx.dout();
    Matrix *dq = ctx.grad_if_needed(0), *dk = ctx.grad_if_needed(1), *dv = ctx.grad_if_needed(2);
    Matrix& dS = ctx.scratch(Shape{P->rows(), P->cols()});
    dS.setZero();
    for_each_head([&](Index b, Index h) {
      const auto Q = q.block(b * Tq, h * hs, Tq, hs);
      const auto K = k.block(b * Tk, h * hs, Tk, hs), V = v.block(b * Tk, h * hs, Tk, hs);
      const auto dY = dy.block(b * Tq, h * hs, Tq, hs);
      const auto p = P->middleRows((b * spec.heads + h) * Tq, Tq);
      if (dv) kernels::add_matmul_tn(p, dY, dv->block(b * Tk, h * hs, Tk, hs));
      if (!dq && !dk) return;
      auto ds = dS.middleRows((b * spec.heads + h) * Tq, Tq);
      kernels::add_matmul_nt(dY, V, ds);  // dP, until the loop makes it dS
      for (Index i = 0; i < Tq; ++i) {
        const Scalar dot = ds.row(i).cwiseProduct(p.row(i)).sum();
        ds.row(i).array() = p.row(i).array() * (ds.row(i).array() - dot);
      }
      if (dq) kernels::add_matmul_nn(ds, K, dq->block(b * Tq, h * hs, Tq, hs), s);
      if (dk) kernels::add_matmul_tn(ds, Q, dk->block(b * Tk, h * hs, Tk, hs), s);
    });
    const int products = (dv ? 1 : 0) + (dq || dk ? 1 : 0) + (dq ? 1 : 0) + (dk ? 1 : 0);
    ctx.count_flops(2.0 * products * double(B * Tq) * double(Tk) * double(hs * spec.heads));
  }
};

Var attention(Var q, Var k, Var v, const AttentionSpec& spec) {
  const Shape &sq = q.shape(), &sk = k.shape(), &sv = v.shape();
  check_shapes(sq.rank() == 3 && sk == sv && sk.rank() == 3 && sq[0] == sk[0] && sq[2] == sk[2],
               "attention", "wants (B,Tq,C), (B,Tk,C) and (B,Tk,C)", {q, k, v});
  if (spec.heads < 1 || sq[2] % spec.heads != 0)
    throw ShapeError(fmt::format("attention: {} heads do not divide C = {}", spec.heads, sq[2]));
  const Index mask = static_cast<Index>(spec.real_keys.size());
  if (mask != 0 && mask != sk[0] * sk[1])
    throw ShapeError(fmt::format("attention: {} mask entries for {} keys", mask, sk[0] * sk[1]));
  return record(std::make_unique<Attention>(spec, sq, sk), {q, k, v}, sq);
}

}  // namespace autograd::inline AUTOGRAD_PRECISION
