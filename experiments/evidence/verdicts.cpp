#include "experiments/evidence/verdicts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "nn/files/json.h"

namespace experiments::evidence {

namespace {

nn::Json verdict_json(const Finding::Part& part) {
  const Judgement& found = part.judgement;
  const bool measured = found.pairs >= 2;
  const auto interval = [&](const Interval& i) {
    return measured ? nn::Json{i.low, i.high} : nn::Json(nullptr);
  };
  nn::Json seeds = nn::Json::array();
  for (const auto& [repetition, d] : part.contrast.each)
    if (std::isfinite(d)) seeds.push_back({repetition.first, repetition.second});
  return {{"statement", part.statement},
          {"task", part.task},
          {"outcome", outcome_text(found.outcome)},
          {"contrast", part.contrast.text},
          {"unit", part.contrast.unit},
          {"threshold", part.contrast.threshold},
          {"holds_above", part.contrast.holds_above},
          {"effect", measured ? nn::Json(found.effect) : nn::Json(nullptr)},
          {"t_interval", interval(found.t)},
          {"bootstrap_interval", interval(found.bootstrap)},
          {"p", found.p},
          {"pairs", found.pairs},
          {"repeated_over", part.contrast.over.empty() ? "base seed, seed" : part.contrast.over},
          {"repetitions", seeds},
          {"reason", found.reason},
          {"note", part.contrast.note}};
}

// What the paper says, in the order of its tables; F10 and F11 go beyond it.
std::vector<Finding> the_eleven() {
  const auto finding = [](const char* id, const char* statement, const char* command) {
    return Finding{id, statement, command, {}};
  };
  return {
      finding("F1",
              "Table 5: q or k alone is worst; {q,v} is at least as good as any single matrix",
              "./run table5"),
      finding("F2", "Table 6: {q,v} needs r = 1 only, Wq alone needs more", "./run table6"),
      finding(
          "F3",
          "Figure 3: the top direction is shared across ranks far above chance, the rest is not",
          "./run figure3"),
      finding("F4", "Figure 4: seeds agree on more directions of ΔWq than of ΔWv", "./run figure4"),
      finding("F5",
              "Table 7: W is projected on random directions least, on those of ΔW more, on its own "
              "most; the amplification falls with r",
              "./run table7"),
      finding("F6", "Figure 8: the top directions of ΔW barely meet those of W", "./run figure8"),
      finding("F7", "Table 18: the validation loss falls with r and is then flat", "./run table18"),
      finding("F8", "Table 16: LoRA is at least as good as full fine-tuning where data are fewest",
              "./run table16"),
      finding("F9", "Table 1: merged LoRA computes what unmerged LoRA does and adds no latency",
              "./run table1"),
      finding("F10", "beyond the paper: the MLP against attention at equal parameters",
              "./run table5"),
      finding("F11", "beyond the paper: LoRA learns less and forgets less; intruder dimensions",
              "./run forgetting"),
  };
}

}  // namespace

std::vector<Finding> whole_family(const std::vector<Finding>& measured) {
  std::vector<Finding> family = the_eleven();
  const std::size_t known = family.size();
  for (const Finding& finding : measured) {
    if (!finding.in_family) continue;
    const auto same = [&](const Finding& other) { return other.id == finding.id; };
    const auto there = std::find_if(family.begin(), family.end(), same);
    if (there == family.end()) {
      family.push_back(finding);
      continue;
    }
    if (there->parts.empty()) {
      there->statement = finding.statement;
      there->command = finding.command;
    }
    if (there->command.find(finding.command) == std::string::npos)
      there->command += ", " + finding.command;
    there->parts.insert(there->parts.end(), finding.parts.begin(), finding.parts.end());
    there->cells += finding.cells;
  }
  std::stable_sort(family.begin() + static_cast<std::ptrdiff_t>(known), family.end(),
                   [](const Finding& a, const Finding& b) { return a.id < b.id; });
  return family;
}

std::string verdicts_json(const std::vector<Finding>& judged, const std::string& warning) {
  nn::Json findings = nn::Json::array();
  std::size_t tests = 0;
  for (const Finding& finding : judged) {
    nn::Json parts = nn::Json::array();
    for (const Finding::Part& part : finding.parts) parts.push_back(verdict_json(part));
    tests += finding.parts.size();
    findings.push_back({{"id", finding.id},
                        {"statement", finding.statement},
                        {"command", finding.command},
                        {"outcome", outcome_text(finding.outcome())},
                        {"reason", finding.parts.empty() ? "not run" : ""},
                        {"cells", finding.cells},
                        {"parts", parts}});
  }
  nn::Json verdicts = nn::Json::object();
  if (!warning.empty()) verdicts["warning"] = warning;
  verdicts["significance_level"] = significance_level;
  verdicts["tests_in_the_family"] = tests;
  verdicts["findings"] = findings;
  return verdicts.dump(1) + "\n";
}

}  // namespace experiments::evidence
