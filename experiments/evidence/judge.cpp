#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/evidence/findings.h"

namespace experiments::evidence {

namespace {

// D by base seed; what is not finite says nothing.
std::map<std::uint64_t, std::vector<double>> by_base(const Contrast& contrast) {
  std::map<std::uint64_t, std::vector<double>> values;
  for (const auto& [repetition, d] : contrast.each)
    if (std::isfinite(d)) values[repetition.first].push_back(d);
  return values;
}

std::vector<double> all_of(const Contrast& contrast) {
  std::vector<double> values;
  for (const auto& [repetition, d] : contrast.each)
    if (std::isfinite(d)) values.push_back(d);
  return values;
}

int learned(const Contrast& contrast) {
  return static_cast<int>(
      std::count_if(contrast.each.begin(), contrast.each.end(), [&](const auto& one) {
        return std::isfinite(one.second) && !contrast.collapsed.contains(one.first);
      }));
}

void judge_arithmetic(Judgement& judgement, const Contrast& contrast,
                      const std::vector<double>& d) {
  if (d.empty()) {
    judgement.reason = "nothing was measured";
    return;
  }
  const bool all = std::all_of(d.begin(), d.end(), [&](double x) {
    return contrast.holds_above ? x > contrast.threshold : x < contrast.threshold;
  });
  judgement.outcome = all ? Outcome::holds : Outcome::contradicted;
  judgement.effect = mean(d);
  const auto [least, most] = std::minmax_element(d.begin(), d.end());
  judgement.interval = judgement.bootstrap = {*least, *most};
}

// Without its outcome, and with p not yet corrected.
Judgement measured(const Contrast& contrast) {
  const std::vector<double> d = all_of(contrast);
  Judgement judgement;
  judgement.pairs = static_cast<int>(d.size());
  judgement.learned = learned(contrast);
  if (!contrast.missing.empty()) {
    judgement.reason = "not run: " + contrast.missing;
    return judgement;
  }
  if (contrast.arithmetic) {
    judge_arithmetic(judgement, contrast, d);
    return judgement;
  }
  const bool alike = std::all_of(d.begin(), d.end(), [&](double x) { return x == d.front(); });
  const bool flips = alike || judgement.learned < judgement.pairs;
  if (judgement.pairs >= 2) {
    judgement.effect = mean(d);
    judgement.interval = flips ? sign_flip_interval(d) : t_interval(d);
    judgement.bootstrap = bootstrap_interval(d, autograd::Random(0, "findings." + contrast.text));
  }
  if (judgement.pairs < fewest_pairs) {
    judgement.reason =
        fmt::format("n too small: {} pairs, at least {} are needed", judgement.pairs, fewest_pairs);
    return judgement;
  }
  judgement.test = flips ? Test::sign_flips : Test::t;
  judgement.p = flips ? p_sign_flips(d, contrast.threshold) : p_mean_differs(d, contrast.threshold);
  return judgement;
}

void decide(Judgement& judgement, const Contrast& contrast) {
  if (!(judgement.p <= significance_level)) {
    const bool too_few = judgement.test == Test::sign_flips &&
                         !sign_flips_can_decide(judgement.pairs, judgement.family);
    judgement.reason =
        too_few ? fmt::format("n too small: sign flips of {} pairs cannot decide", judgement.pairs)
                : "not significant";
    return;
  }
  const bool above = judgement.effect > contrast.threshold;
  for (const auto& [base, values] : by_base(contrast)) {
    if ((mean(values) > contrast.threshold) != above) {
      judgement.reason =
          fmt::format("{} {} is on the other side",
                      contrast.over.empty() ? "base seed" : contrast.over + ":", base);
      return;
    }
  }
  judgement.outcome = above == contrast.holds_above ? Outcome::holds : Outcome::does_not_hold;
}

}  // namespace

bool sign_flips_can_decide(int pairs, int family) {
  return family * least_p_sign_flips(pairs) <= significance_level;
}

std::vector<Judgement> judge(const std::vector<Contrast>& family) {
  std::vector<Judgement> judgements;
  std::vector<std::size_t> tested;
  std::vector<double> p;
  for (std::size_t i = 0; i < family.size(); ++i) {
    judgements.push_back(measured(family[i]));
    if (judgements[i].test == Test::none) continue;
    tested.push_back(i);
    p.push_back(judgements[i].p);
  }
  const std::vector<double> corrected = holm(p);
  for (std::size_t k = 0; k < tested.size(); ++k) {
    Judgement& judgement = judgements[tested[k]];
    judgement.p = corrected[k];
    judgement.family = static_cast<int>(tested.size());
    decide(judgement, family[tested[k]]);
  }
  return judgements;
}

void judge(std::vector<Finding>& findings) {
  for (Finding& finding : findings) {
    std::vector<Contrast> family;
    for (const Finding::Part& part : finding.parts) family.push_back(part.contrast);
    const std::vector<Judgement> judgements = judge(family);
    for (std::size_t i = 0; i < judgements.size(); ++i) finding.parts[i].judgement = judgements[i];
  }
}

}  // namespace experiments::evidence
