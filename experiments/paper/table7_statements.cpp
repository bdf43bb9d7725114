#include <fmt/format.h>

#include <cmath>
#include <set>

#include "experiments/paper/table7.h"

namespace experiments::paper::table7 {
namespace {

using Read = double (*)(const lora::Amplification&);

double above_random(const lora::Amplification& a) { return std::log2(a.over_random()); }
double below_w(const lora::Amplification& a) { return std::log2(a.in_w / a.in_delta); }
double above_inputs_kept(const lora::Amplification& a) {
  return std::log2(a.in_delta / a.half_random.inputs_kept);
}
double above_outputs_kept(const lora::Amplification& a) {
  return std::log2(a.in_delta / a.half_random.outputs_kept);
}
double log_norm(const lora::Amplification& a) { return std::log2(a.delta_norm / a.w_norm); }
double log_factor(const lora::Amplification& a) { return std::log2(a.factor()); }

// Which entries of a task's Wq, and of which labels.
struct Pick {
  std::string task;
  AlphaRule rule = AlphaRule::fixed;
  bool permuted = false;
};

// The mean of what is read over the picked entries of these ranks, for each repetition.
ByRepetition mean_by_repetition(const std::vector<Entry>& entries, const Pick& pick,
                                lora::Index low, lora::Index high, Read read) {
  std::map<Repetition, std::vector<double>> values;
  for (const Entry& entry : entries) {
    const lora::Index r = entry.amplification.r;
    if (entry.task == pick.task && kind_of(entry.matrix) == "q" && entry.rule == pick.rule &&
        entry.permuted == pick.permuted && low <= r && r <= high)
      values[entry.repetition].push_back(read(entry.amplification));
  }
  return means(values);
}

// What is read at r = 4 minus at r = 16, for each repetition that has both.
ByRepetition fall(const std::vector<Entry>& entries, const Pick& pick, Read read) {
  return difference(mean_by_repetition(entries, pick, 4, 4, read),
                    mean_by_repetition(entries, pick, 16, 16, read));
}

// A reading as it is: what is a logarithm for the rule is a number for the reader.
std::string times(const std::vector<Entry>& entries, const Pick& pick, lora::Index r, Read read) {
  return fmt::format("{:.2f}",
                     std::exp2(mean(values(mean_by_repetition(entries, pick, r, r, read)))));
}

std::string fall_note(const std::vector<Entry>& entries, const Pick& pick) {
  return fmt::format(
      "For directions that know nothing of W it falls by 2 doublings and by what |dW| falls. The "
      "factor goes from {} to {}, |dW| / |W| from {} to {}, |U^T W V| / random from {} to {}.",
      times(entries, pick, 4, log_factor), times(entries, pick, 16, log_factor),
      times(entries, pick, 4, log_norm), times(entries, pick, 16, log_norm),
      times(entries, pick, 4, above_random), times(entries, pick, 16, above_random));
}

std::set<std::string> tasks_of_entries(const std::vector<Entry>& entries) {
  std::set<std::string> tasks;
  for (const Entry& entry : entries) tasks.insert(entry.task);
  return tasks;
}

Contrast contrast(std::string text, ByRepetition each) {
  Contrast c{.text = std::move(text), .each = std::move(each)};
  c.unit = "doublings";
  if (c.each.empty()) c.missing = "no repetition has the adapters that this needs";
  return c;
}

}  // namespace

Finding finding_of(const std::vector<Entry>& entries) {
  Finding finding{
      "F5",
      "Table 7: W has more in the directions of dW than chance gives and less than in its own, "
      "and amplification falls with r",
      "./run table7",
      {}};
  constexpr lora::Index any = 1000;
  for (const std::string& task : tasks_of_entries(entries)) {
    const Pick plain{task}, permuted{task, AlphaRule::fixed, true};
    const auto add = [&](const char* statement, Contrast c) {
      finding.parts.push_back({statement, task, std::move(c)});
    };
    const ByRepetition of_random = mean_by_repetition(entries, plain, 4, any, above_random);
    Contrast above = contrast(
        "log2 of |U^T W V| over that with permuted labels, r >= 4, is above 0",
        difference(of_random, mean_by_repetition(entries, permuted, 4, any, above_random)));
    if (!of_random.empty())
      above.note = fmt::format(
          "Over random directions it is {:.2f}, over those with the inputs kept {:.2f}, with the "
          "outputs kept {:.2f}.",
          mean(values(of_random)),
          mean(values(mean_by_repetition(entries, plain, 4, any, above_inputs_kept))),
          mean(values(mean_by_repetition(entries, plain, 4, any, above_outputs_kept))));
    add("W has more in the directions of dWq than in those of permuted labels", std::move(above));
    Contrast below = contrast("log2 of |U^T W V| from W over that from dW, r >= 4, is above 1",
                              mean_by_repetition(entries, plain, 4, any, below_w));
    below.threshold = 1;
    add("and at most half of what it has in its own", std::move(below));
    Contrast falls = contrast(
        "log2 of the factor at r = 4 over that at r = 16, minus that with permuted labels, is above "
        "0",
        difference(fall(entries, plain, log_factor), fall(entries, permuted, log_factor)));
    if (!fall(entries, plain, log_factor).empty()) falls.note = fall_note(entries, plain);
    add("amplification falls with r, more than with permuted labels", std::move(falls));
  }
  return finding;
}

Finding proportional_finding(const std::vector<Entry>& entries) {
  Finding finding{"alpha-2r",
                  "beyond the paper: amplification falls with r also where alpha is in proportion "
                  "to r",
                  "./run table7",
                  {}};
  finding.in_summary = false;
  for (const std::string& task : tasks_of_entries(entries)) {
    const Pick pick{task, AlphaRule::proportional};
    Contrast c = contrast("log2 of the factor at r = 4 over that at r = 16 is above 0",
                          fall(entries, pick, log_factor));
    if (!c.each.empty()) c.note = fall_note(entries, pick);
    finding.parts.push_back({"amplification falls with r, alpha = 2r", task, std::move(c)});
  }
  return finding;
}

}  // namespace experiments::paper::table7
