#include <cmath>

#include "autograd/ops_models.h"
#include "op_cases.h"

namespace op_cases {

namespace {

double sigma(double x) { return 1 / (1 + std::exp(-x)); }

Tensor rms_norm_by_loop(const Tensors& x, double eps) {
  return fill(x[0].shape, [&](Index i, Index j) {
    double squares = 0;
    for (Index k = 0; k < x[0].cols(); ++k) squares += x[0].m(i, k) * x[0].m(i, k);
    return x[0].m(i, j) / std::sqrt(squares / static_cast<double>(x[0].cols()) + eps) *
           x[1].m.data()[j];
  });
}

// As complex numbers: (x₁ + i x₂) exp(i t θ), of which the first half of a head shows the real part.
Tensor rotary_by_loop(const Tensor& x, const RotarySpec& spec) {
  const auto half = static_cast<Index>(spec.frequencies.size());
  return fill(x.shape, [&](Index i, Index c) {
    const Index head = c / (2 * half), j = c % half;
    const double angle = static_cast<double>(spec.first_position + i % x.shape[1]) *
                         spec.frequencies[static_cast<std::size_t>(j)];
    const double x1 = x.m(i, head * 2 * half + j), x2 = x.m(i, head * 2 * half + half + j);
    const bool real = c % (2 * half) < half;
    return real ? x1 * std::cos(angle) - x2 * std::sin(angle)
                : x1 * std::sin(angle) + x2 * std::cos(angle);
  });
}

OpCase rotary_case(const char* variant, const RotarySpec& spec, std::vector<Shapes> shapes) {
  return {"rotary",
          variant,
          [=](Tape&, std::span<const Var> x) { return rotary(x[0], spec); },
          [=](const Tensors& x) { return rotary_by_loop(x[0], spec); },
          {},
          std::move(shapes)};
}

// What is in the scores beside q · k.
enum class Positions { none, of_keys, of_queries, both };

// Tables of four rows: distances of 2 and more share the last, of -2 and less the first. With
// padding every third position is hidden, beginning with the second.
DisentangledSpec disentangled_spec(const Shape& x, bool padding) {
  DisentangledSpec spec{2, 0.6, {}, {}};
  for (Index i = 0; padding && i < x.rows(); ++i) spec.mask.push_back(i % 3 != 1);
  for (Index d = 1 - x[1]; d < x[1]; ++d)
    spec.row_of_distance.push_back(static_cast<int>(std::clamp<Index>(d + 2, 0, 3)));
  return spec;
}

struct Tables {
  const Tensor *keys = nullptr, *queries = nullptr;
};

Tables tables(const Tensors& x, Positions positions) {
  if (positions == Positions::none) return {};
  if (positions == Positions::of_keys) return {&x[3], nullptr};
  if (positions == Positions::of_queries) return {nullptr, &x[3]};
  return {&x[3], &x[4]};
}

// Element by element, as attention_by_loop.
Tensor disentangled_by_loop(const Tensors& x, Positions positions, bool padding) {
  const Tensor &q = x[0], &k = x[1], &v = x[2];
  const DisentangledSpec spec = disentangled_spec(q.shape, padding);
  const Index T = q.shape[1], hs = q.cols() / spec.heads;
  const Tables table = tables(x, positions);
  const auto seen = [&](Index b, Index t) {
    return !padding || spec.mask[static_cast<std::size_t>(b * T + t)];
  };
  return fill(q.shape, [&](Index row, Index c) -> double {
    const Index b = row / T, i = row % T, head = c / hs;
    double sum = 0, weighted = 0;
    for (Index j = 0; j < T; ++j) {
      if (!seen(b, i) || !seen(b, j)) continue;
      const int at = spec.row_of_distance[static_cast<std::size_t>(i - j + T - 1)];
      double score = 0;
      for (Index d = head * hs; d < (head + 1) * hs; ++d) {
        score += q.m(row, d) * k.m(b * T + j, d);
        if (table.keys) score += q.m(row, d) * table.keys->m(at, d);
        if (table.queries) score += k.m(b * T + j, d) * table.queries->m(at, d);
      }
      const double e = std::exp(spec.scale * score);
      sum += e;
      weighted += e * v.m(b * T + j, c);
    }
    return sum > 0 ? weighted / sum : 0;
  });
}

OpCase disentangled_case(const char* variant, Positions positions, bool padding,
                         std::vector<Shapes> shapes) {
  return {"disentangled_attention",
          variant,
          [=](Tape&, std::span<const Var> x) {
            std::optional<Var> pos_k, pos_q;
            if (positions == Positions::of_keys || positions == Positions::both) pos_k = x[3];
            if (positions == Positions::of_queries) pos_q = x[3];
            if (positions == Positions::both) pos_q = x[4];
            return disentangled_attention(x[0], x[1], x[2], pos_k, pos_q,
                                          disentangled_spec(x[0].shape(), padding));
          },
          [=](const Tensors& x) { return disentangled_by_loop(x, positions, padding); },
          {},
          std::move(shapes)};
}

// A fixed weight (N,K) in 16 bits, with the last of whose tiles a result of N columns ends.
OpCase half_case(const char* variant, HalfType type, Index K, Index N, std::vector<Shapes> shapes) {
  const auto w =
      std::make_shared<const HalfMatrix>(rounded_to(type, Random(5, "half").normal({N, K}, 1)));
  return {"affine_half",
          variant,
          [=](Tape&, std::span<const Var> x) {
            return x.size() == 1 ? affine_half(x[0], w) : affine_half(x[0], w, x[1]);
          },
          [=](const Tensors& x) {
            const Matrix floats = w->tensor().m;
            std::vector<Index> sizes;
            for (int i = 0; i + 1 < x[0].shape.rank(); ++i) sizes.push_back(x[0].shape[i]);
            sizes.push_back(N);
            return fill(Shape(sizes), [&](Index i, Index j) {
              double sum = x.size() == 1 ? 0 : x[1].m.data()[j];
              for (Index k = 0; k < K; ++k) sum += x[0].m(i, k) * floats(j, k);
              return sum;
            });
          },
          {},
          std::move(shapes)};
}

}  // namespace

std::vector<OpCase> models() {
  const Shape x{2, 4, 6}, table{4, 6};
  return {
      half_case("1x1", HalfType::f16, 1, 1, {{{1, 1}}, {{1, 1}, {1}}}),
      half_case("", HalfType::bf16, 4, 5, {{{3, 4}}, {{2, 3, 4}, {5}}, {{4}, {1, 5}}}),
      half_case("in two tiles", HalfType::f16, 2, 259, {{{2, 2}, {259}}}),
      {"silu",
       "",
       [](Tape&, std::span<const Var> v) { return silu(v[0]); },
       [](const Tensors& v) {
         return fill(v[0].shape,
                     [&](Index i, Index j) { return v[0].m(i, j) * sigma(v[0].m(i, j)); });
       },
       {},
       {{{1, 1}}, {{3, 4}}, {{2, 3, 4}}}},
      {"rms_norm",
       "",
       [](Tape&, std::span<const Var> v) { return rms_norm(v[0], v[1], 1e-5); },
       [](const Tensors& v) { return rms_norm_by_loop(v, 1e-5); },
       {},
       {{{1, 5}, {5}}, {{3, 4}, {1, 4}}, {{2, 3, 4}, {4}}}},
      {"rms_norm",
       "large eps",
       [](Tape&, std::span<const Var> v) { return rms_norm(v[0], v[1], 0.5); },
       [](const Tensors& v) { return rms_norm_by_loop(v, 0.5); },
       {},
       {{{1, 1}, {1}}, {{3, 4}, {4}}}},
      rotary_case("one head", {1, {0.7}, 0}, {{{1, 1, 2}}, {{2, 3, 2}}}),
      rotary_case("two heads, later positions", {2, {0.7, 0.2}, 5}, {{{2, 3, 8}}}),
      {"repeat_heads",
       "",
       [](Tape&, std::span<const Var> v) { return repeat_heads(v[0], 2, 3); },
       [](const Tensors& v) {
         const Index hs = v[0].cols() / 2;
         return fill({v[0].shape[0], v[0].shape[1], 3 * v[0].cols()},
                     [&](Index i, Index c) { return v[0].m(i, c / (3 * hs) * hs + c % hs); });
       },
       {},
       {{{1, 1, 2}}, {{2, 3, 4}}}},
      disentangled_case("content alone", Positions::none, false, {{x, x, x}}),
      disentangled_case("c2p", Positions::of_keys, false, {{x, x, x, table}}),
      disentangled_case("p2c", Positions::of_queries, false, {{x, x, x, table}}),
      disentangled_case("", Positions::both, false, {{x, x, x, table, table}}),
      disentangled_case("padded", Positions::both, true, {{x, x, x, table, table}}),
      {"unfold",
       "",
       [](Tape&, std::span<const Var> v) { return unfold(v[0], 3); },
       [](const Tensors& v) {
         const Index T = v[0].shape[1];
         return fill({v[0].shape[0], T, 3 * v[0].cols()}, [&](Index i, Index c) {
           const Index t = i % T + c % 3 - 1;
           return t < 0 || t >= T ? 0 : v[0].m(i - i % T + t, c / 3);
         });
       },
       {},
       {{{1, 1, 1}}, {{2, 4, 3}}}},
  };
}

}  // namespace op_cases
