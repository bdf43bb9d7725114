#include "experiments/evidence/findings.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/evidence/text.h"

namespace experiments::evidence {

const std::array<OutcomeWords, 4> outcome_words{
    {{Outcome::holds, "holds here", "✓", "holds"},
     {Outcome::does_not_hold, "does not hold here", "✗", "fails"},
     {Outcome::contradicted, "contradicted", "✗", "fails"},
     {Outcome::open, "open", "?", "open"}}};

const OutcomeWords& words_of(Outcome outcome) {
  return *std::find_if(outcome_words.begin(), outcome_words.end(),
                       [&](const OutcomeWords& words) { return words.outcome == outcome; });
}

const char* outcome_text(Outcome outcome) { return words_of(outcome).text; }

static std::string test_text(const Contrast& contrast, const Judgement& judgement) {
  if (contrast.arithmetic) return "least and largest in brackets, ";
  if (judgement.test == Test::none) return "";
  return fmt::format("{} ({}, {} in the family), ",
                     judgement.p < 1e-4 ? "p < 0.0001" : fmt::format("p = {:.4f}", judgement.p),
                     judgement.test == Test::t ? "t-test" : "sign flips", judgement.family);
}

std::string effect_text(const Contrast& contrast, const Judgement& judgement) {
  if (judgement.pairs < 2 || !contrast.missing.empty()) return "";
  // Points with one decimal; ratios and norms with what they need.
  const bool points = contrast.unit == "points";
  const auto number = [&](double x) {
    return points ? fmt::format("{:+.1f}", x) : fmt::format("{:+.3g}", x);
  };
  return fmt::format("{} {} [{}, {}]", number(judgement.effect), contrast.unit,
                     number(judgement.interval.low), number(judgement.interval.high));
}

std::string evidence_text(const Contrast& contrast, const Judgement& judgement) {
  std::string text = effect_text(contrast, judgement);
  if (!text.empty()) {
    text += ", " + test_text(contrast, judgement);
    text += contrast.over.empty() ? fmt::format("{} pairs", judgement.pairs)
                                  : fmt::format("n = {} ({})", judgement.pairs, contrast.over);
    if (judgement.learned < judgement.pairs)
      text += fmt::format(", learned in {}", judgement.learned);
  }
  if (!judgement.reason.empty()) text += (text.empty() ? "" : "; ") + judgement.reason;
  return text;
}

std::vector<std::pair<std::string, Outcome>> Finding::by_task() const {
  std::vector<std::pair<std::string, Outcome>> tasks;
  for (const Part& part : parts) {
    const Outcome found = part.judgement.outcome;
    const auto there = std::find_if(tasks.begin(), tasks.end(),
                                    [&](const auto& task) { return task.first == part.task; });
    if (there == tasks.end())
      tasks.emplace_back(part.task, found);
    else
      there->second = std::max(there->second, found);
  }
  return tasks;
}

std::string Finding::summary() const {
  const auto tasks = by_task();
  if (tasks.empty()) return "not run";
  std::string text;
  for (const auto& [outcome, verb] : {std::pair{Outcome::holds, "holds on"},
                                      {Outcome::does_not_hold, "does not hold on"},
                                      {Outcome::contradicted, "contradicted on"},
                                      {Outcome::open, "open on"}}) {
    const auto count =
        std::count_if(tasks.begin(), tasks.end(),
                      [outcome = outcome](const auto& task) { return task.second == outcome; });
    if (count == 0) continue;
    text += text.empty() ? fmt::format("{} {} of {}", verb, count, tasks.size())
                         : fmt::format(", {} {}", verb, count);
  }
  return text;
}

std::string findings_summary(const std::vector<Finding>& findings, std::size_t columns) {
  std::string text;
  for (const Finding& finding : findings)
    text += wrapped(fmt::format("{:<4} {:<42} ", finding.id, finding.summary()), 48,
                    finding.statement, columns);
  return text;
}

std::string findings_text(const std::vector<Finding>& findings, std::size_t columns) {
  std::string text;
  for (const Finding& finding : findings) {
    text += "\n" + wrapped(fmt::format("{}  {}: ", finding.id, finding.summary()), 4,
                           finding.statement, columns);
    for (const Finding::Part& part : finding.parts) {
      text +=
          wrapped(fmt::format("    {:<15} {:<20}", part.task, outcome_text(part.judgement.outcome)),
                  40, part.statement, columns);
      const std::string below(40, ' ');
      text += wrapped(below, 40, evidence_text(part.contrast, part.judgement), columns);
      text += wrapped(below, 40, part.contrast.text, columns);
      if (!part.paper.empty()) text += wrapped(below, 40, "in the paper: " + part.paper, columns);
      if (!part.contrast.note.empty()) text += wrapped(below, 40, part.contrast.note, columns);
    }
  }
  return text;
}

}  // namespace experiments::evidence
