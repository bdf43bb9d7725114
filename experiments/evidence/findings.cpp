#include "experiments/evidence/findings.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/evidence/text.h"

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

// Without its outcome, and with p not yet corrected.
Judgement measured(const Contrast& contrast) {
  const std::vector<double> d = all_of(contrast);
  Judgement judgement;
  judgement.pairs = static_cast<int>(d.size());
  if (judgement.pairs >= 2) {
    judgement.effect = mean(d);
    judgement.t = t_interval(d);
    judgement.bootstrap = bootstrap_interval(d, autograd::Random(0, "findings." + contrast.text));
  }
  if (!contrast.missing.empty())
    judgement.reason = "not run: " + contrast.missing;
  else if (judgement.pairs < fewest_pairs)
    judgement.reason =
        fmt::format("{} pairs, at least {} are needed", judgement.pairs, fewest_pairs);
  else
    judgement.p = p_mean_differs(d, contrast.threshold);
  return judgement;
}

void decide(Judgement& judgement, const Contrast& contrast) {
  if (!judgement.reason.empty()) return;
  if (!(judgement.p <= significance_level)) {
    judgement.reason = "not significant";
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
  judgement.outcome = above == contrast.holds_above ? Outcome::reproduced : Outcome::contradicted;
}

}  // namespace

const std::array<OutcomeWords, 3> outcome_words{{{Outcome::reproduced, "reproduced", "✓"},
                                                 {Outcome::contradicted, "contradicted", "✗"},
                                                 {Outcome::inconclusive, "inconclusive", "?"}}};

static const OutcomeWords& words_of(Outcome outcome) {
  return *std::find_if(outcome_words.begin(), outcome_words.end(),
                       [&](const OutcomeWords& words) { return words.outcome == outcome; });
}

const char* outcome_text(Outcome outcome) { return words_of(outcome).text; }
const char* outcome_sign(Outcome outcome) { return words_of(outcome).sign; }

std::vector<Judgement> judge(const std::vector<Contrast>& family) {
  std::vector<Judgement> judgements;
  std::vector<double> p;
  for (const Contrast& contrast : family) {
    judgements.push_back(measured(contrast));
    p.push_back(judgements.back().p);
  }
  const std::vector<double> corrected = holm(p);
  for (std::size_t i = 0; i < family.size(); ++i) {
    judgements[i].p = corrected[i];
    decide(judgements[i], family[i]);
  }
  return judgements;
}

std::string evidence_text(const Contrast& contrast, const Judgement& judgement) {
  std::string text;
  if (judgement.pairs >= 2) {
    // Points with one decimal; ratios and norms with what they need.
    const bool points = contrast.unit == "points";
    const auto number = [&](double x) {
      return points ? fmt::format("{:+.1f}", x) : fmt::format("{:+.3g}", x);
    };
    text = fmt::format("{} {} [{}, {}], ", number(judgement.effect), contrast.unit,
                       number(judgement.t.low), number(judgement.t.high));
    text += judgement.p < 1e-4 ? "p < 0.0001" : fmt::format("p = {:.4f}", judgement.p);
    text += contrast.over.empty() ? fmt::format(", {} pairs", judgement.pairs)
                                  : fmt::format(", n = {} ({})", judgement.pairs, contrast.over);
  }
  if (!judgement.reason.empty()) text += (text.empty() ? "" : "; ") + judgement.reason;
  return text;
}

Outcome Finding::outcome() const {
  const auto is = [](Outcome outcome) {
    return [outcome](const Part& part) { return part.judgement.outcome == outcome; };
  };
  if (std::any_of(parts.begin(), parts.end(), is(Outcome::contradicted)))
    return Outcome::contradicted;
  if (!parts.empty() && std::all_of(parts.begin(), parts.end(), is(Outcome::reproduced)))
    return Outcome::reproduced;
  return Outcome::inconclusive;
}

std::string findings_summary(const std::vector<Finding>& findings, std::size_t columns) {
  std::string text;
  for (const Finding& finding : findings)
    text += wrapped(fmt::format("{:<4} {:<13} ", finding.id, outcome_text(finding.outcome())), 19,
                    finding.statement + (finding.parts.empty() ? " (not run)" : ""), columns);
  return text;
}

std::string findings_text(const std::vector<Finding>& findings, std::size_t columns) {
  std::string text;
  for (const Finding& finding : findings) {
    text +=
        "\n" + wrapped(fmt::format("{}  {}: ", finding.id, outcome_text(finding.outcome())), 4,
                       finding.statement + (finding.parts.empty() ? " (not run)" : ""), columns);
    for (const Finding::Part& part : finding.parts) {
      text +=
          wrapped(fmt::format("    {:<16}{:<14}", part.task, outcome_text(part.judgement.outcome)),
                  34, part.statement, columns);
      const std::string below(34, ' ');
      text += wrapped(below, 34, evidence_text(part.contrast, part.judgement), columns);
      text += wrapped(below, 34, part.contrast.text, columns);
      if (!part.contrast.note.empty()) text += wrapped(below, 34, part.contrast.note, columns);
    }
  }
  return text;
}

void judge(std::vector<Finding>& findings) {
  std::vector<Contrast> family;
  for (const Finding& finding : findings)
    for (const Finding::Part& part : finding.parts) family.push_back(part.contrast);
  const std::vector<Judgement> judgements = judge(family);
  std::size_t at = 0;
  for (Finding& finding : findings)
    for (Finding::Part& part : finding.parts) part.judgement = judgements[at++];
}

}  // namespace experiments::evidence
