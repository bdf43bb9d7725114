#include <doctest/doctest.h>

#include <cmath>

#include "tests/lora/all_methods.h"

namespace method_budget_test {

using lora::MethodSpec;
using nn::Index;

TEST_CASE("nearest finds the size whose count is nearest, as trying all does") {
  const nn::DecoderConfig toy{
      .vocabulary = 177, .context = 24, .d_model = 64, .layers = 2, .heads = 4, .d_mlp = 256};
  lora::LoraConfig q_v = everywhere(1);
  q_v.targets = {"q", "v"};
  for (const Index budget : {1, 700, 2048, 2049, 5000, 33'000, 60'000, 10'000'000}) {
    const auto specs = lora::nearest_of_all(budget, toy, q_v);
    REQUIRE(specs.size() == lora::all_methods().size());
    for (const MethodSpec& spec : specs) {
      const auto off = [&](const MethodSpec& s) { return std::abs(lora::count(s, toy) - budget); };
      const bool ranked = !spec.lora.targets.empty();
      const Index chosen = ranked ? spec.lora.spec.rank : spec.size;
      const Index most = ranked ? 64 : spec.name == "top-layers" ? 2 : 2000;
      for (Index n = 1; chosen > 0 && n <= most; ++n) {
        MethodSpec other = spec;
        (ranked ? other.lora.spec.rank : other.size) = n;
        CHECK((n < chosen ? off(other) > off(spec) : off(other) >= off(spec)));
      }
      if (spec.name == "lora+prefix") CHECK(spec.size == 8);
    }
  }
  // A budget that is a count is met.
  for (const MethodSpec& spec : some_of_each_method()) {
    const MethodSpec found = lora::nearest(spec, lora::count(spec, toy), toy);
    CHECK(found.size == spec.size);
    CHECK(found.lora.spec.rank == spec.lora.spec.rank);
  }
  CHECK(message_of<std::invalid_argument>([&] { lora::nearest({"bitfit"}, 0, toy); }) ==
        "a budget must be at least 1, not 0");
  q_v.rank_pattern = {{"q", 2}};
  CHECK(message_of<std::invalid_argument>([&] {
          lora::nearest({"lora", 0, q_v}, 5, toy);
        }) == "a budget decides one rank for all targets, not a pattern of ranks");
}

TEST_CASE("the table of a budget") {
  const nn::DecoderConfig toy{
      .vocabulary = 177, .context = 24, .d_model = 64, .layers = 2, .heads = 4, .d_mlp = 256};
  lora::LoraConfig q_v = everywhere(1);
  q_v.targets = {"q", "v"};
  CHECK(lora::describe(lora::nearest_of_all(2048, toy, q_v), toy) == R"(
method            size n                                trained  by formula
full              -                                      112960  (V + T) d + L (4 d^2 + 2 d f + 9 d + f) + 2 d (+ V d for an untied head)
top-layers        blocks 1                                50112  n (4 d^2 + 2 d f + 9 d + f) + 2 d
bitfit            -                                        1472  L (7 d + f) + d
prefix-embedding  prefix length 32                         2048  n d
prefix-layer      prefix length 16                         2048  L n d
prompt-encoder    prefix length 1                         33216  n d + 8 h (d + h + 1) + (2 h + d + 2) d, h = d/2
adapter-h         bottleneck width 3                       1804  2 L (2 d n + n + d)
adapter-l         bottleneck width 6                       1932  L (2 d n + n + d) + 2 L d
lora              r = 4 on q,v                             2048  sum of r (in + out) over the targets
lora+prefix       r = 3 on q,v, prefix length 8            2048  sum of r (in + out) over the targets, + n d
d = 64, f = 256, L = 2, V = 177, T = 24
)" + 1);
}

}  // namespace method_budget_test
