#include "experiments/evidence/findings.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

using namespace experiments::evidence;

namespace {

/// D of n seeds on each of two bases: center plus a spread that sums to zero.
Contrast around(double center_2, double center_3, int n = 5) {
  Contrast contrast{.text = "the difference", .each = {}};
  for (int seed = 0; seed < n; ++seed) {
    const double spread = seed - 0.5 * (n - 1);
    contrast.each[{2, static_cast<std::uint64_t>(seed)}] = center_2 + spread;
    contrast.each[{3, static_cast<std::uint64_t>(seed)}] = center_3 - spread;
  }
  return contrast;
}

Finding finding(std::vector<Contrast> contrasts) {
  Finding f{.id = "F1", .statement = "what the paper says", .command = "./run table5", .parts = {}};
  for (Contrast& contrast : contrasts)
    f.parts.push_back({"a part of it", "sqlgen", std::move(contrast)});
  return f;
}

Outcome outcome_of(std::vector<Contrast> contrasts) {
  std::vector<Finding> findings{finding(std::move(contrasts))};
  judge(findings);
  return findings[0].outcome();
}

}  // namespace

TEST_CASE("each side of a threshold, and the threshold itself") {
  CHECK(judge({around(10, 10)})[0].outcome == Outcome::reproduced);
  CHECK(judge({around(-10, -10)})[0].outcome == Outcome::contradicted);
  CHECK(judge({around(0, 0)})[0].reason == "not significant");
  Contrast below = around(10, 10);
  below.holds_above = false;
  CHECK(judge({below})[0].outcome == Outcome::contradicted);
  below.threshold = 20;
  CHECK(judge({below})[0].outcome == Outcome::reproduced);
}

TEST_CASE("no verdict where bases disagree, pairs are few, or nothing was run") {
  CHECK(judge({around(30, -2)})[0].reason == "base seed 3 is on the other side");
  CHECK(judge({around(10, 10, 1)})[0].reason == "2 pairs, at least 3 are needed");
  Contrast missing{.text = "the difference", .each = {}, .missing = "{q} at r = 8"};
  CHECK(judge({missing})[0].reason == "not run: {q} at r = 8");
  CHECK(judge({missing})[0].p == 1);
  Contrast broken = around(10, 10, 2);
  broken.each.begin()->second = std::numeric_limits<double>::quiet_NaN();
  CHECK(judge({broken})[0].pairs == 3);
}

TEST_CASE("both intervals hold the mean, and the family is corrected together") {
  const Contrast contrast = around(1, 1);
  const Judgement alone = judge({contrast})[0];
  CHECK(alone.effect == doctest::Approx(1));
  for (const Interval& interval : {alone.t, alone.bootstrap}) {
    CHECK(interval.low < 1);
    CHECK(interval.high > 1);
  }
  const auto family = judge({contrast, around(0, 0), around(0, 0)});
  CHECK(family[0].p == doctest::Approx(3 * alone.p));
}

TEST_CASE("a finding holds where all its parts do") {
  const Contrast yes = around(10, 10), no = around(-10, -10), open = around(0, 0);
  CHECK(outcome_of({yes, yes}) == Outcome::reproduced);
  CHECK(outcome_of({yes, open}) == Outcome::inconclusive);
  CHECK(outcome_of({yes, open, no}) == Outcome::contradicted);
  CHECK(outcome_of({}) == Outcome::inconclusive);
}

TEST_CASE("the evidence in words") {
  const Contrast contrast = around(10, 10);
  CHECK(evidence_text(contrast, judge({contrast})[0]) ==
        "+10.0 points [+8.9, +11.1], p < 0.0001, 10 pairs");
  const Contrast missing{.text = "the difference", .each = {}, .missing = "r = 1"};
  CHECK(evidence_text(missing, judge({missing})[0]) == "not run: r = 1");
  Contrast ratio = around(10, 10);
  ratio.unit = "times";
  CHECK(evidence_text(ratio, judge({ratio})[0]).starts_with("+10 times [+8.9"));
}
