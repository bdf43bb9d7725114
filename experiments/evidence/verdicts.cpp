#include "experiments/evidence/verdicts.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "data/tasks.h"
#include "nn/files/json.h"

namespace experiments::evidence {

namespace {

const char* test_name(const Contrast& contrast, Test test) {
  return contrast.arithmetic  ? "arithmetic"
         : test == Test::none ? "none"
         : test == Test::t    ? "t-test"
                              : "sign flips";
}

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
          {"in_the_paper", part.paper},
          {"contrast", part.contrast.text},
          {"unit", part.contrast.unit},
          {"threshold", part.contrast.threshold},
          {"holds_above", part.contrast.holds_above},
          {"effect", measured ? nn::Json(found.effect) : nn::Json(nullptr)},
          {"interval", interval(found.interval)},
          {"bootstrap_interval", interval(found.bootstrap)},
          {"test", test_name(part.contrast, found.test)},
          {"p", found.test == Test::none ? nn::Json(nullptr) : nn::Json(found.p)},
          {"tests_in_the_family", found.family},
          {"pairs", found.pairs},
          {"learned", found.learned},
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
      finding("F2", "Table 6: {q,v} needs r = 1 only, Wq alone is worse", "./run table6"),
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

std::vector<Finding> summarised(const std::vector<Finding>& measured) {
  std::vector<Finding> all = the_eleven();
  const std::size_t known = all.size();
  for (const Finding& finding : measured) {
    if (!finding.in_summary) continue;
    const auto same = [&](const Finding& other) { return other.id == finding.id; };
    const auto there = std::find_if(all.begin(), all.end(), same);
    if (there == all.end()) {
      all.push_back(finding);
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
  std::stable_sort(all.begin() + static_cast<std::ptrdiff_t>(known), all.end(),
                   [](const Finding& a, const Finding& b) { return a.id < b.id; });
  return all;
}

PlainTable statements_by_task(const std::vector<Finding>& judged) {
  // "sqlgen, K = 20" begins with the name of its task.
  const auto is_task = [](const std::string& label) {
    const auto& all = data::all_tasks();
    return std::any_of(all.begin(), all.end(), [&](const data::Task& task) {
      return label == task.name || label.starts_with(fmt::format("{}, ", task.name));
    });
  };
  std::vector<std::string> tasks;
  for (const Finding& finding : judged)
    for (const Finding::Part& part : finding.parts)
      if (is_task(part.task) && std::count(tasks.begin(), tasks.end(), part.task) == 0)
        tasks.push_back(part.task);

  PlainTable table{{"statement", "the paper's own numbers"}};
  table.front().insert(table.front().end(), tasks.begin(), tasks.end());
  table.front().emplace_back("elsewhere");
  for (const Finding& finding : judged) {
    const std::size_t first = table.size();
    for (const Finding::Part& part : finding.parts) {
      const std::string name = fmt::format("{} {}", finding.id, part.statement);
      auto row = std::find_if(table.begin() + static_cast<std::ptrdiff_t>(first), table.end(),
                              [&](const auto& line) { return line.front() == name; });
      if (row == table.end()) {
        table.push_back({name, part.paper});
        table.back().resize(tasks.size() + 3);
        row = std::prev(table.end());
      }
      const auto column = std::find(tasks.begin(), tasks.end(), part.task) - tasks.begin() + 2;
      std::string& cell = row->at(static_cast<std::size_t>(column));
      if (!cell.empty()) cell += "; ";
      if (static_cast<std::size_t>(column) > tasks.size() + 1) cell += part.task + ": ";
      cell += outcome_text(part.judgement.outcome);
      const std::string effect = effect_text(part.contrast, part.judgement);
      if (!effect.empty()) cell += ", " + effect;
    }
  }
  return table;
}

std::string verdicts_json(const std::vector<Finding>& judged, const std::string& warning) {
  nn::Json findings = nn::Json::array();
  for (const Finding& finding : judged) {
    nn::Json parts = nn::Json::array();
    for (const Finding::Part& part : finding.parts) parts.push_back(verdict_json(part));
    nn::Json tasks = nn::Json::array();
    for (const auto& [task, outcome] : finding.by_task())
      tasks.push_back({{"task", task}, {"outcome", outcome_text(outcome)}});
    findings.push_back({{"id", finding.id},
                        {"statement", finding.statement},
                        {"command", finding.command},
                        {"summary", finding.summary()},
                        {"tasks", tasks},
                        {"cells", finding.cells},
                        {"parts", parts}});
  }
  nn::Json verdicts = nn::Json::object();
  if (!warning.empty()) verdicts["warning"] = warning;
  verdicts["significance_level"] = significance_level;
  verdicts["findings"] = findings;
  return verdicts.dump(1) + "\n";
}

}  // namespace experiments::evidence
