#include <algorithm>
#include <cmath>
#include <limits>

#include "autograd/kernels.h"
#include "autograd/op_helpers.h"
#include "autograd/ops.h"

namespace autograd::inline LOWRANK_PRECISION {

// For each batch row and head, with Q (Tq,hs), K and V (Tk,hs) blocks of q, k, v and s = 1/√hs:
//   S = s Q Kᵀ,  P = softmax of each row of S over the keys the query may see,  Y = P V
// Backward, from the product rule and the softmax's Jacobian:
//   dV += Pᵀ dY,  dP = dY Vᵀ,  dS = P ∘ (dP - rowsum(dP ∘ P)),  dQ += s dS K,  dK += s dSᵀ Q
// attention_textbook, below, is the same in the operations of a textbook.
//
// P, dP and dS are computed transposed: a column of Pᵀ is a query, and what a softmax does to one
// query, a row of Pᵀ does to all queries at once, as many as a vector of the processor holds.
// Pairs of (batch row, head) touch disjoint blocks, so they are shared among threads.
struct Attention final : Op {
  using PerQuery = Eigen::Array<Scalar, 1, Eigen::Dynamic>;  // a number for each query, (Tq)

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

  // Calls work(b, h, dSt, per_query) for every pair, in parallel; the last two are memory to use,
  // (Tk,Tq) and (Tq), that stays in the cache from one pair to the next.
  template <class Work>
  void for_each_head(const Work& work) const {
    const double cost = 8.0 * double(Tq) * double(Tk) * double(hs);
    kernels::for_each_chunk(B * spec.heads, cost, [&](Index begin, Index end) {
      Matrix dSt(Tk, Tq);
      PerQuery per_query(Tq);
      for (Index i = begin; i < end; ++i) work(i / spec.heads, i % spec.heads, dSt, per_query);
    });
  }

  // The first query that may see key j of batch row b; Tq where none may. All later ones may too.
  Index first_visible_query(Index b, Index j) const {
    const bool not_padding =
        spec.key_mask.empty() || spec.key_mask[static_cast<std::size_t>(b * Tk + j)];
    if (!not_padding) return Tq;
    return spec.causal ? std::clamp<Index>(j - (Tk - Tq), 0, Tq) : 0;
  }

  // Turns the scores Sᵀ of one head of batch row b into Pᵀ, in place: the softmax of each column.
  // Masked keys get zero after the exponential, exactly; Eigen's exp(-∞) is 1e-39 on some
  // processors.
  template <class Block>
  void softmax_columns(Block Pt_head, Index b, PerQuery& per_query) const {
    constexpr Scalar nothing = -std::numeric_limits<Scalar>::infinity();
    PerQuery& max = per_query.setConstant(nothing);
    for (Index j = 0; j < Tk; ++j) {
      Pt_head.row(j).head(first_visible_query(b, j)).setConstant(nothing);
      max = max.max(Pt_head.row(j).array());
    }
    max = (max == nothing).select(Scalar{0}, max);  // a query that sees nothing
    for (Index j = 0; j < Tk; ++j) Pt_head.row(j).array() -= max;
    kernels::exp(Pt_head.data(), Pt_head.size());
    PerQuery& sum = per_query.setZero();
    for (Index j = 0; j < Tk; ++j) {
      Pt_head.row(j).head(first_visible_query(b, j)).setZero();
      sum += Pt_head.row(j).array();
    }
    sum = (sum == 0).select(Scalar{0}, sum.inverse());
    for (Index j = 0; j < Tk; ++j) Pt_head.row(j).array() *= sum;
  }

  void forward(Context& ctx) override {
    for (const int i : {0, 1, 2}) ctx.save_input(i);
    const Matrix &q = ctx.in(0), &k = ctx.in(1), &v = ctx.in(2);
    Matrix& y = ctx.out();
    Pt = &ctx.keep(Shape{B * spec.heads * Tk, Tq});
    for_each_head([&](Index b, Index h, Matrix&, PerQuery& per_query) {
      const auto Q = q.block(b * Tq, h * hs, Tq, hs);
      const auto K = k.block(b * Tk, h * hs, Tk, hs), V = v.block(b * Tk, h * hs, Tk, hs);
      auto Pt_head = Pt->middleRows((b * spec.heads + h) * Tk, Tk);
      kernels::matmul_nt(K, Q, Pt_head, s);                             // Sᵀ = s K Qᵀ
      softmax_columns(Pt_head, b, per_query);                           // Pᵀ
      kernels::matmul_tn(Pt_head, V, y.block(b * Tq, h * hs, Tq, hs));  // Y = P V
    });
    ctx.count_flops(4.0 * double(B * Tq) * double(Tk) * double(hs * spec.heads));
  }

  void backward(Context& ctx) override {
    const Matrix &q = ctx.in(0), &k = ctx.in(1), &v = ctx.in(2), &dy = ctx.dout();
    const Gradient dq = ctx.grad(0), dk = ctx.grad(1), dv = ctx.grad(2);
    for_each_head([&](Index b, Index h, Matrix& dSt, PerQuery& dot) {
      const auto Q = q.block(b * Tq, h * hs, Tq, hs);
      const auto K = k.block(b * Tk, h * hs, Tk, hs), V = v.block(b * Tk, h * hs, Tk, hs);
      const auto dY = dy.block(b * Tq, h * hs, Tq, hs);
      const auto Pt_head = Pt->middleRows((b * spec.heads + h) * Tk, Tk);
      // forward: Y = P V, so dV += Pᵀ dY
      if (dv) kernels::add_matmul_nn(Pt_head, dY, dv.block(b * Tk, h * hs, Tk, hs));
      if (!dq && !dk) return;
      // and dPᵀ = V dYᵀ, which lies in dSt until the last loop here makes it dSᵀ
      kernels::matmul_nt(V, dY, dSt);
      // forward: P = softmax of S, so dS = P ∘ (dP - rowsum(dP ∘ P))
      dot.setZero();
      for (Index j = 0; j < Tk; ++j) dot += dSt.row(j).array() * Pt_head.row(j).array();
      for (Index j = 0; j < Tk; ++j)
        dSt.row(j).array() = Pt_head.row(j).array() * (dSt.row(j).array() - dot);
      // forward: S = s Q Kᵀ, so dQ += s dS K and dK += s dSᵀ Q
      if (dq) kernels::add_matmul_tn(dSt, K, dq.block(b * Tq, h * hs, Tq, hs), s);
      if (dk) kernels::add_matmul_nn(dSt, Q, dk.block(b * Tk, h * hs, Tk, hs), s);
    });
    const int products = (dv ? 1 : 0) + (dq || dk ? 1 : 0) + (dq ? 1 : 0) + (dk ? 1 : 0);
    ctx.count_flops(2.0 * products * double(B * Tq) * double(Tk) * double(hs * spec.heads));
  }
};

static void check_attention(const char* op, Var q, Var k, Var v, const AttentionSpec& spec) {
  const Shape sq = q.shape(), sk = k.shape(), sv = v.shape();
  check_shapes(sq.rank() == 3 && sk == sv && sk.rank() == 3 && sq[0] == sk[0] && sq[2] == sk[2], op,
               "wants (B,Tq,C), (B,Tk,C) and (B,Tk,C)", {q, k, v});
  if (spec.heads < 1 || sq[2] % spec.heads != 0)
    throw ShapeError(fmt::format("{}: {} heads do not divide C = {}", op, spec.heads, sq[2]));
  const Index entries = static_cast<Index>(spec.key_mask.size());
  if (entries != 0 && entries != sk[0] * sk[1])
    throw ShapeError(fmt::format("{}: {} mask entries for {} keys", op, entries, sk[0] * sk[1]));
}

Var attention(Var q, Var k, Var v, const AttentionSpec& spec) {
  check_attention("attention", q, k, v, spec);
  return record(std::make_unique<Attention>(spec, q.shape(), k.shape()), {q, k, v}, q.shape());
}

Tensor visible_keys(const AttentionSpec& spec, Index b, Index Tq, Index Tk) {
  Tensor visible(Shape{Tq, Tk});
  for (Index i = 0; i < Tq; ++i)
    for (Index j = 0; j < Tk; ++j) {
      const bool not_padding =
          spec.key_mask.empty() || spec.key_mask[static_cast<std::size_t>(b * Tk + j)];
      visible.m(i, j) = not_padding && (!spec.causal || j <= i + Tk - Tq);
    }
  return visible;
}

Var attention_textbook(Var q, Var k, Var v, const AttentionSpec& spec) {
  check_attention("attention_textbook", q, k, v, spec);
  Tape& tape = *q.tape;
  const Index B = q.shape()[0], Tq = q.shape()[1], Tk = k.shape()[1],
              hs = q.shape()[2] / spec.heads;
  const auto block = [&](Var x, Index b, Index T, Index h) {
    return slice_cols(slice_rows(x, b * T, T), h * hs, hs);
  };
  std::vector<Var> rows;
  for (Index b = 0; b < B; ++b) {
    const Tensor visible = visible_keys(spec, b, Tq, Tk);
    Tensor masked(visible.shape);  // what is added to a score: so little that its exponential is 0
    masked.m = (visible.m.array() - 1) * Scalar{1e9};
    std::vector<Var> heads;
    for (Index h = 0; h < spec.heads; ++h) {
      const Var Q = block(q, b, Tq, h), K = block(k, b, Tk, h), V = block(v, b, Tk, h);
      const Var S = scale(matmul_nt(Q, K), 1 / std::sqrt(static_cast<double>(hs)));
      const Var P = softmax(add(S, tape.constant(masked)));
      // The second time for a query that sees no key, whose P would be 1/Tk everywhere.
      heads.push_back(matmul(multiply(P, tape.constant(visible)), V));
    }
    rows.push_back(concat_cols(heads));
  }
  return reshape(concat_rows(rows), q.shape());
}

}  // namespace autograd::inline LOWRANK_PRECISION
