#include <cmath>

#include "op_cases.h"

namespace op_cases {

namespace {

// One line of the table. With padding, every third key is hidden, beginning with the second.
struct AttentionParts {
  Index heads;
  bool causal, padding;
};

AttentionSpec attention_spec(const Shape& keys, AttentionParts parts) {
  AttentionSpec spec{parts.heads, parts.causal, {}};
  for (Index j = 0; parts.padding && j < keys.rows(); ++j) spec.key_mask.push_back(j % 3 != 1);
  return spec;
}

bool visible(const AttentionSpec& spec, Index b, Index i, Index j, Index Tq, Index Tk) {
  if (spec.causal && j > i + Tk - Tq) return false;
  return spec.key_mask.empty() || spec.key_mask[static_cast<std::size_t>(b * Tk + j)];
}

// Element by element: y(b,i,c) = Σ_j exp(s_j) v(b,j,c) / Σ_j exp(s_j) over the visible keys j, with
// s_j = q(b,i) · k(b,j) / √hs over the columns of the head that c belongs to.
Tensor attention_by_loop(const Tensors& x, const AttentionSpec& spec) {
  const Tensor &q = x[0], &k = x[1], &v = x[2];
  const Index Tq = q.shape[1], Tk = k.shape[1], hs = q.cols() / spec.heads;
  return fill(q.shape, [&](Index row, Index c) {
    const Index b = row / Tq, i = row % Tq, head = c / hs;
    double sum = 0, weighted = 0;
    for (Index j = 0; j < Tk; ++j) {
      if (!visible(spec, b, i, j, Tq, Tk)) continue;
      double score = 0;
      for (Index d = head * hs; d < (head + 1) * hs; ++d) score += q.m(row, d) * k.m(b * Tk + j, d);
      const double e = std::exp(score / std::sqrt(static_cast<double>(hs)));
      sum += e;
      weighted += e * v.m(b * Tk + j, c);
    }
    return sum > 0 ? weighted / sum : 0;
  });
}

using AttentionFunction = Var (*)(Var, Var, Var, const AttentionSpec&);

OpCase attention_with(const char* op, AttentionFunction f, const char* variant,
                      AttentionParts parts, std::vector<Shapes> shapes) {
  return {op,
          variant,
          [=](Tape&, std::span<const Var> x) {
            return f(x[0], x[1], x[2], attention_spec(x[1].shape(), parts));
          },
          [=](const Tensors& x) { return attention_by_loop(x, attention_spec(x[1].shape, parts)); },
          {},
          std::move(shapes)};
}

}  // namespace

std::vector<OpCase> attentions() {
  const std::vector<Shapes> shapes = {{{1, 1, 2}, {1, 1, 2}, {1, 1, 2}},
                                      {{2, 3, 4}, {2, 3, 4}, {2, 3, 4}},
                                      {{1, 2, 6}, {1, 5, 6}, {1, 5, 6}}};
  std::vector<OpCase> cases;
  const auto both = [&](const char* variant, AttentionParts parts,
                        const std::vector<Shapes>& some) {
    cases.push_back(attention_with("attention", attention, variant, parts, some));
    cases.push_back(attention_with("attention_textbook", attention_textbook, variant, parts, some));
  };
  both("of one number", {1, true, false}, {{{1, 1, 1}, {1, 1, 1}, {1, 1, 1}}});
  both("one column", {1, true, false}, {{{2, 3, 1}, {2, 3, 1}, {2, 3, 1}}});
  both("", {2, false, false}, shapes);
  both("causal", {2, true, false}, shapes);
  both("padded", {2, false, true}, shapes);
  both("causal padded", {2, true, true}, shapes);
  // The first query of two may see no key, and in the padded case the second hides another.
  both("more queries than keys", {1, true, false},
       {{{1, 3, 2}, {1, 2, 2}, {1, 2, 2}}, {{2, 4, 2}, {2, 2, 2}, {2, 2, 2}}});
  both("more queries than keys, padded", {1, true, true}, {{{2, 4, 2}, {2, 2, 2}, {2, 2, 2}}});
  return cases;
}

}  // namespace op_cases
