#include "experiments/evidence/findings_file.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments {

namespace {

nn::Json contrast_json(const Contrast& contrast) {
  nn::Json each = nn::Json::array();
  for (const auto& [repetition, d] : contrast.each)
    if (std::isfinite(d))
      each.push_back({{"base_seed", repetition.first}, {"seed", repetition.second}, {"d", d}});
  return {{"text", contrast.text},           {"unit", contrast.unit},
          {"threshold", contrast.threshold}, {"holds_above", contrast.holds_above},
          {"missing", contrast.missing},     {"note", contrast.note},
          {"over", contrast.over},           {"each", each}};
}

double number_at(const nn::Json& object, const char* name) {
  const nn::Json& value = object.at(name);
  if (!value.is_number())
    throw std::invalid_argument(
        fmt::format("\"{}\" = {}, where a number is wanted", name, nn::shown(value)));
  return value.get<double>();
}

const nn::Json& list_at(const nn::Json& object, const char* name) {
  const nn::Json& value = object.at(name);
  if (!value.is_array())
    throw std::invalid_argument(
        fmt::format("\"{}\" = {}, where a list is wanted", name, nn::shown(value)));
  return value;
}

Contrast contrast_from_json(const nn::Json& object) {
  Contrast contrast;
  contrast.text = object.at("text").get<std::string>();
  contrast.unit = object.at("unit").get<std::string>();
  contrast.threshold = number_at(object, "threshold");
  contrast.holds_above = object.at("holds_above").get<bool>();
  contrast.missing = object.at("missing").get<std::string>();
  contrast.note = object.at("note").get<std::string>();
  contrast.over = object.value("over", "");  // files of earlier versions have none
  for (const nn::Json& d : list_at(object, "each")) {
    const std::pair repetition{nn::count_at<std::uint64_t>(d, "base_seed"),
                               nn::count_at<std::uint64_t>(d, "seed")};
    if (!contrast.each.emplace(repetition, number_at(d, "d")).second)
      throw std::invalid_argument(fmt::format("the repetition of base seed {} and seed {} twice",
                                              repetition.first, repetition.second));
  }
  return contrast;
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

void write_findings(const std::filesystem::path& path, const std::vector<Finding>& findings) {
  nn::Json list = nn::Json::array();
  for (const Finding& finding : findings) {
    nn::Json parts = nn::Json::array();
    for (const Finding::Part& part : finding.parts)
      parts.push_back({{"statement", part.statement},
                       {"task", part.task},
                       {"contrast", contrast_json(part.contrast)}});
    list.push_back({{"id", finding.id},
                    {"statement", finding.statement},
                    {"command", finding.command},
                    {"cells", finding.cells},
                    {"parts", parts}});
  }
  nn::write_unless_equal(path, list.dump(1) + "\n");
}

std::vector<Finding> findings_from_json(std::string_view text) {
  try {
    std::vector<Finding> findings;
    const nn::Json list = nn::parse_json(text);
    if (!list.is_array()) throw std::invalid_argument("it is no list");
    for (const nn::Json& object : list) {
      Finding finding{object.at("id").get<std::string>(),
                      object.at("statement").get<std::string>(),
                      object.at("command").get<std::string>(),
                      {}};
      finding.cells = nn::count_at<int>(object, "cells");
      for (const nn::Json& part : list_at(object, "parts"))
        finding.parts.push_back({part.at("statement").get<std::string>(),
                                 part.at("task").get<std::string>(),
                                 contrast_from_json(part.at("contrast"))});
      findings.push_back(finding);
    }
    return findings;
  } catch (const nn::Json::exception& error) {  // a member is missing or of another type
    throw std::invalid_argument(nn::plain(error.what()));
  }
}

std::vector<Finding> read_findings(const std::filesystem::path& path) {
  const std::string text = nn::read_file(path);
  try {
    return findings_from_json(text);
  } catch (const std::invalid_argument& error) {
    throw std::invalid_argument(
        fmt::format("{} holds no findings: {}", path.string(), error.what()));
  }
}

std::vector<Finding> whole_family(const std::vector<Finding>& measured) {
  std::vector<Finding> family = the_eleven();
  const std::size_t known = family.size();
  for (const Finding& finding : measured) {
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

}  // namespace experiments
