#include <doctest/doctest.h>

#include "autograd/gradcheck.h"
#include "autograd/ops.h"
#include "autograd/random.h"

using namespace autograd;

TEST_CASE("attention") {
  Random r(1, "x");
  for (bool causal : {false, true}) {
    AttentionSpec spec{2, causal, {1, 1, 1, 0, 1, 1}};
    auto res =
        gradcheck([&](Tape&, std::span<const Var> x) { return attention(x[0], x[1], x[2], spec); },
                  {r.normal({2, 3, 4}, 1), r.normal({2, 3, 4}, 1), r.normal({2, 3, 4}, 1)});
    CHECK_MESSAGE(res.ok, res.message);
    MESSAGE(res.error);
  }
  auto ln = gradcheck([&](Tape&, std::span<const Var> x) { return layernorm(x[0], x[1], x[2]); },
                      {r.normal({2, 3, 4}, 1), r.normal({4}, 1), r.normal({4}, 1)});
  CHECK_MESSAGE(ln.ok, ln.message);
  MESSAGE(ln.error);
  auto g =
      gradcheck([&](Tape&, std::span<const Var> x) { return gelu(x[0]); }, {r.normal({3, 4}, 1)});
  CHECK_MESSAGE(g.ok, g.message);
  MESSAGE(g.error);
  g = gradcheck([&](Tape&, std::span<const Var> x) { return gelu(x[0], Gelu::tanh); },
                {r.normal({3, 4}, 1)});
  CHECK_MESSAGE(g.ok, g.message);
  MESSAGE(g.error);
  g = gradcheck([&](Tape&, std::span<const Var> x) { return affine(x[0], x[1], x[2]); },
                {r.normal({2, 3, 4}, 1), r.normal({5, 4}, 1), r.normal({5}, 1)});
  CHECK_MESSAGE(g.ok, g.message);
  MESSAGE(g.error);
  g = gradcheck(
      [&](Tape&, std::span<const Var> x) {
        return cross_entropy(x[0], {{1, 2, -1}, {1, .5, 2}, -1, .1});
      },
      {r.normal({3, 4}, 1)});
  CHECK_MESSAGE(g.ok, g.message);
  MESSAGE(g.error);
  g = gradcheck([&](Tape&, std::span<const Var> x) { return kl_divergence(x[0], x[1]); },
                {r.normal({3, 4}, 1), r.normal({3, 4}, 1)});
  CHECK_MESSAGE(g.ok, g.message);
  MESSAGE(g.error);
}
