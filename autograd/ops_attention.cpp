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
//
// P, dP and dS are computed transposed: a column of Pᵀ is a query, and what a softmax does to one
// query, a row of Pᵀ does to all queries at once, as many as a vector of the processor holds.
// Pairs of (batch row, head) touch disjoint blocks, so they are shared among threads.
struct Attention final : Op {
  using Queries = Eigen::Array<Scalar, 1, Eigen::Dynamic>;  // a number for each query, (Tq)

  AttentionSpec spec;
  Index B, Tq, Tk, hs;
  Scalar s;
  Matrix* Pt = nullptr;  // (B*H*Tk, Tq), Pᵀ of every head; zero where the query may not look

  Attention(AttentionSpec attention, const Shape& q, const Shape& k)
      : spec(std::move(attention)),
        B(q[0]),
        Tq(q[1]),
        Tk(k[1]),
        hs(q[2] / spec.heads),
        s(static_cast<Scalar>(1 / std::sqrt(static_cast<double>(hs)))) {}
  const char* name() const override { return "attention"; }
  bool reads_out() const override { return false; }

  // Calls work(b, h, dSt, numbers) for every pair, in parallel; the last two are memory to use,
  // (Tk,Tq) and (Tq), that stays in the cache from one pair to the next.
  template <class Work>
  void for_each_head(const Work& work) const {
    const double cost = 8.0 * double(Tq) * double(Tk) * double(hs);
    kernels::for_each_chunk(B * spec.heads, cost, [&](Index begin, Index end) {
      Matrix dSt(Tk, Tq);
      Queries numbers(Tq);
      for (Index i = begin; i < end; ++i) work(i / spec.heads, i % spec.heads, dSt, numbers);
    });
  }

  // How many of the first queries may not see key j of batch row b.
  Index hidden(Index b, Index j) const {
    const bool real =
        spec.real_keys.empty() || spec.real_keys[static_cast<std::size_t>(b * Tk + j)];
    if (!real) return Tq;
    return spec.causal ? std::clamp<Index>(j - (Tk - Tq), 0, Tq) : 0;
  }

  // Turns the scores pt = Sᵀ of one head of batch row b into Pᵀ. Hidden keys get zero after the
  // exponential, exactly; Eigen's exp(-∞) is 1e-39 on some processors.
  template <class Scores>
  void softmax_columns(Scores pt, Index b, Queries& numbers) const {
    constexpr Scalar nothing = -std::numeric_limits<Scalar>::infinity();
    Queries& max = numbers.setConstant(nothing);
    for (Index j = 0; j < Tk; ++j) {
      pt.row(j).head(hidden(b, j)).setConstant(nothing);
      max = max.max(pt.row(j).array());
    }
    max = (max == nothing).select(Scalar{0}, max);  // a query that sees nothing
    for (Index j = 0; j < Tk; ++j) pt.row(j).array() -= max;
    pt.array() = pt.array().exp();
    Queries& sum = numbers.setZero();
    for (Index j = 0; j < Tk; ++j) {
      pt.row(j).head(hidden(b, j)).setZero();
      sum += pt.row(j).array();
    }
    sum = (sum == 0).select(Scalar{0}, sum.inverse());
    for (Index j = 0; j < Tk; ++j) pt.row(j).array() *= sum;
  }

  void forward(Context& ctx) override {
    const Matrix &q = ctx.in(0), &k = ctx.in(1), &v = ctx.in(2);
    Matrix& y = ctx.out();
    Pt = &ctx.keep(Shape{B * spec.heads * Tk, Tq});
    for_each_head([&](Index b, Index h, Matrix&, Queries& numbers) {
      const auto Q = q.block(b * Tq, h * hs, Tq, hs);
      const auto K = k.block(b * Tk, h * hs, Tk, hs), V = v.block(b * Tk, h * hs, Tk, hs);
      auto pt = Pt->middleRows((b * spec.heads + h) * Tk, Tk);
      kernels::matmul_nt(K, Q, pt, s);
      softmax_columns(pt, b, numbers);
      kernels::matmul_tn(pt, V, y.block(b * Tq, h * hs, Tq, hs));
    });
    ctx.count_flops(4.0 * double(B * Tq) * double(Tk) * double(hs * spec.heads));
  }

  void backward(Context& ctx) override {
    const Matrix &q = ctx.in(0), &k = ctx.in(1), &v = ctx.in(2), &dy = ctx.dout();
    const Gradient dq = ctx.sum_if_needed(0), dk = ctx.sum_if_needed(1), dv = ctx.sum_if_needed(2);
    for_each_head([&](Index b, Index h, Matrix& dSt, Queries& dot) {
      const auto Q = q.block(b * Tq, h * hs, Tq, hs);
      const auto K = k.block(b * Tk, h * hs, Tk, hs), V = v.block(b * Tk, h * hs, Tk, hs);
      const auto dY = dy.block(b * Tq, h * hs, Tq, hs);
      const auto pt = Pt->middleRows((b * spec.heads + h) * Tk, Tk);
      if (dv) kernels::add_matmul_nn(pt, dY, dv.block(b * Tk, h * hs, Tk, hs));
      if (!dq && !dk) return;
      kernels::matmul_nt(V, dY, dSt);  // dPᵀ, until the last loop makes it dSᵀ
      dot.setZero();
      for (Index j = 0; j < Tk; ++j) dot += dSt.row(j).array() * pt.row(j).array();
      for (Index j = 0; j < Tk; ++j)
        dSt.row(j).array() = pt.row(j).array() * (dSt.row(j).array() - dot);
      if (dq) kernels::add_matmul_tn(dSt, K, dq.block(b * Tq, h * hs, Tq, hs), s);
      if (dk) kernels::add_matmul_nn(dSt, Q, dk.block(b * Tk, h * hs, Tk, hs), s);
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
