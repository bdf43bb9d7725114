#include "experiments/evidence/findings.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace findings_test {

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

struct OnTask {
  const char* task;
  Contrast contrast;
};

/// A judged finding with a part for each.
Finding judged(const std::vector<OnTask>& parts) {
  Finding made{
      .id = "F1", .statement = "what the paper says", .command = "./run table5", .parts = {}};
  for (const auto& [task, contrast] : parts) made.parts.push_back({"a part of it", task, contrast});
  std::vector<Finding> findings{made};
  judge(findings);
  return findings[0];
}

Outcome outcome_of(const std::vector<Contrast>& contrasts) {
  std::vector<OnTask> parts;
  for (const Contrast& contrast : contrasts) parts.push_back({"sqlgen", contrast});
  return judged(parts).by_task().at(0).second;
}

/// Eight D, one for each of two seeds on four bases, all the same.
Contrast all_alike(double d) {
  Contrast contrast{.text = "the difference", .each = {}};
  for (std::uint64_t seed = 1; seed <= 8; ++seed) contrast.each[{10 + (seed + 1) / 2, seed}] = d;
  return contrast;
}

}  // namespace

TEST_CASE("each side of a threshold, and the threshold itself") {
  CHECK(judge({around(10, 10)})[0].outcome == Outcome::holds);
  CHECK(judge({around(-10, -10)})[0].outcome == Outcome::does_not_hold);
  CHECK(judge({around(0, 0)})[0].reason == "not significant");
  Contrast below = around(10, 10);
  below.holds_above = false;
  CHECK(judge({below})[0].outcome == Outcome::does_not_hold);
  below.threshold = 20;
  CHECK(judge({below})[0].outcome == Outcome::holds);
}

TEST_CASE("no verdict where bases disagree, pairs are few, or nothing was run") {
  CHECK(judge({around(30, -2)})[0].reason == "base seed 3 is on the other side");
  CHECK(judge({around(10, 10, 1)})[0].reason == "n too small: 2 pairs, at least 3 are needed");
  Contrast missing{.text = "the difference", .each = {}, .missing = "{q} at r = 8"};
  CHECK(judge({missing})[0].reason == "not run: {q} at r = 8");
  CHECK(judge({missing})[0].p == 1);
  Contrast broken = around(10, 10, 2);
  broken.each.begin()->second = std::numeric_limits<double>::quiet_NaN();
  CHECK(judge({broken})[0].pairs == 3);
}

TEST_CASE("both intervals hold the mean, and the tests that were made are one family") {
  const Contrast contrast = around(1, 1);
  const Judgement alone = judge({contrast})[0];
  CHECK(alone.effect == doctest::Approx(1));
  for (const Interval& interval : {alone.interval, alone.bootstrap}) {
    CHECK(interval.low < 1);
    CHECK(interval.high > 1);
  }
  const Contrast missing{.text = "the difference", .each = {}, .missing = "r = 1"};
  const auto family = judge({contrast, around(0, 0), missing, around(0, 0)});
  CHECK(family[0].p == doctest::Approx(3 * alone.p));
  CHECK(family[0].family == 3);
  CHECK(family[2].family == 0);
}

TEST_CASE("each finding is a family of its own") {
  std::vector<Finding> findings(2);
  findings[0].parts.push_back({"a", "nli", around(1, 1)});
  findings[1].parts.assign(5, {"b", "nli", around(1, 1)});
  judge(findings);
  CHECK(findings[0].parts[0].judgement.p == doctest::Approx(judge({around(1, 1)})[0].p));
  CHECK(findings[1].parts[0].judgement.family == 5);
}

TEST_CASE("no spread is no certainty: sign flips say how much eight equal differences are") {
  const Judgement eight = judge({all_alike(3)})[0];
  CHECK(eight.test == Test::sign_flips);
  CHECK(eight.p == doctest::Approx(2.0 / 256));
  CHECK(eight.outcome == Outcome::holds);
  CHECK(judge({all_alike(0)})[0].reason == "not significant");
  // Six such tests can be decided by eight pairs, seven cannot.
  CHECK(judge(std::vector(6, all_alike(3)))[5].outcome == Outcome::holds);
  CHECK(judge(std::vector(7, all_alike(3)))[0].reason ==
        "n too small: sign flips of 8 pairs cannot decide");
}

TEST_CASE("where a run collapsed the test is by sign flips, and how many learned is said") {
  Contrast contrast = around(10, 10);
  for (const auto& [repetition, d] : around(0, 0).each) contrast.each[repetition] = 10 + 0.1 * d;
  const Judgement before = judge({contrast})[0];
  CHECK(before.test == Test::t);
  CHECK(before.learned == 10);
  contrast.collapsed = {{3, 2}};
  const Judgement after = judge({contrast})[0];
  CHECK(after.test == Test::sign_flips);
  CHECK(after.learned == 9);
  CHECK(after.p == doctest::Approx(2.0 / 1024));
  CHECK(evidence_text(contrast, after)
            .ends_with("(sign flips, 1 in the family), 10 pairs, learned in 9"));
  // The collapsed run stays among the pairs: ninety points the other way leave nothing decided.
  contrast.each[{3, 2}] = -90;
  CHECK(judge({contrast})[0].reason == "not significant");
}

TEST_CASE("arithmetic is no test: one value on the other side contradicts it") {
  Contrast exact = all_alike(0.02);
  exact.threshold = 0.1;
  exact.holds_above = false;
  exact.arithmetic = true;
  CHECK(judge({exact})[0].outcome == Outcome::holds);
  CHECK(judge({exact, around(1, 1)})[1].family == 1);
  exact.each.begin()->second = 0.2;
  CHECK(judge({exact})[0].outcome == Outcome::contradicted);
  exact.each.clear();
  CHECK(judge({exact})[0].reason == "nothing was measured");
}

TEST_CASE("on a task a finding holds where all its parts do, and its summary counts tasks") {
  const Contrast yes = around(10, 10), no = around(-10, -10), open = around(0, 0);
  CHECK(outcome_of({yes, yes}) == Outcome::holds);
  CHECK(outcome_of({yes, open}) == Outcome::open);
  CHECK(outcome_of({yes, open, no}) == Outcome::does_not_hold);
  CHECK(judged({}).summary() == "not run");
  CHECK(judged({{"sqlgen", yes}, {"nli", yes}, {"sqlgen", yes}}).summary() == "holds on 2 of 2");
  CHECK(judged({{"sqlgen", yes}, {"nli", open}, {"reorder", yes}, {"reorder", no}}).summary() ==
        "holds on 1 of 3, does not hold on 1, open on 1");
  CHECK(findings_summary({judged({{"nli", no}})}).starts_with("F1   does not hold on 1 of 1"));
}

TEST_CASE("the evidence in words") {
  const Contrast contrast = around(10, 10);
  CHECK(evidence_text(contrast, judge({contrast})[0]) ==
        "+10.0 points [+8.9, +11.1], p < 0.0001 (t-test, 1 in the family), 10 pairs");
  const Contrast missing{.text = "the difference", .each = {}, .missing = "r = 1"};
  CHECK(evidence_text(missing, judge({missing})[0]) == "not run: r = 1");
  Contrast ratio = around(10, 10);
  ratio.unit = "times";
  CHECK(evidence_text(ratio, judge({ratio})[0]).starts_with("+10 times [+8.9"));
}

}  // namespace findings_test
