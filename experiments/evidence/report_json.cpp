#include <fmt/format.h>

#include <cmath>

#include "experiments/evidence/report.h"
#include "nn/files/json.h"

namespace experiments::evidence {

namespace {

constexpr int report_format = 2;

// A part and its contrast are one object: JSON that is read may be eight levels deep.
nn::Json part_json(const Finding::Part& part) {
  const Contrast& contrast = part.contrast;
  nn::Json each = nn::Json::array();
  for (const auto& [repetition, d] : contrast.each)
    if (std::isfinite(d))
      each.push_back({{"base_seed", repetition.first},
                      {"seed", repetition.second},
                      {"d", d},
                      {"collapsed", contrast.collapsed.contains(repetition)}});
  return {{"statement", part.statement},
          {"task", part.task},
          {"paper", part.paper},
          {"text", contrast.text},
          {"unit", contrast.unit},
          {"threshold", contrast.threshold},
          {"holds_above", contrast.holds_above},
          {"missing", contrast.missing},
          {"note", contrast.note},
          {"over", contrast.over},
          {"arithmetic", contrast.arithmetic},
          {"each", each}};
}

nn::Json finding_json(const Finding& finding) {
  nn::Json parts = nn::Json::array();
  for (const Finding::Part& part : finding.parts) parts.push_back(part_json(part));
  return {
      {"id", finding.id},       {"statement", finding.statement},   {"command", finding.command},
      {"cells", finding.cells}, {"in_summary", finding.in_summary}, {"parts", parts}};
}

nn::Json section_json(const Section& section) {
  return {{"title", section.title}, {"remarks", section.remarks}, {"table", section.table}};
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

std::string text_at(const nn::Json& object, const char* name) {
  return object.at(name).get<std::string>();
}

Contrast contrast_from_json(const nn::Json& object) {
  Contrast contrast;
  contrast.text = text_at(object, "text");
  contrast.unit = text_at(object, "unit");
  contrast.threshold = number_at(object, "threshold");
  contrast.holds_above = object.at("holds_above").get<bool>();
  contrast.missing = text_at(object, "missing");
  contrast.note = text_at(object, "note");
  contrast.over = text_at(object, "over");
  contrast.arithmetic = object.at("arithmetic").get<bool>();
  for (const nn::Json& d : list_at(object, "each")) {
    const std::pair repetition{nn::count_at<std::uint64_t>(d, "base_seed"),
                               nn::count_at<std::uint64_t>(d, "seed")};
    if (!contrast.each.emplace(repetition, number_at(d, "d")).second)
      throw std::invalid_argument(fmt::format("the repetition of base seed {} and seed {} twice",
                                              repetition.first, repetition.second));
    if (d.at("collapsed").get<bool>()) contrast.collapsed.insert(repetition);
  }
  return contrast;
}

Finding finding_from_json(const nn::Json& object) {
  Finding finding{
      text_at(object, "id"), text_at(object, "statement"), text_at(object, "command"), {}};
  finding.cells = nn::count_at<int>(object, "cells");
  finding.in_summary = object.at("in_summary").get<bool>();
  for (const nn::Json& part : list_at(object, "parts"))
    finding.parts.push_back({text_at(part, "statement"),
                             text_at(part, "task"),
                             contrast_from_json(part),
                             {},
                             text_at(part, "paper")});
  return finding;
}

Section section_from_json(const nn::Json& object) {
  const PlainTable table = list_at(object, "table").get<PlainTable>();
  for (const auto& row : table)
    if (row.empty() || row.size() != table.front().size())
      throw std::invalid_argument("a row of a table has other columns than its head");
  return {text_at(object, "title"), list_at(object, "remarks").get<std::vector<std::string>>(),
          table};
}

}  // namespace

std::string report_json(const Report& report) {
  nn::Json sections = nn::Json::array(), findings = nn::Json::array();
  for (const Section& section : report.sections) sections.push_back(section_json(section));
  for (const Finding& finding : report.findings) findings.push_back(finding_json(finding));
  const nn::Json object = {{"format", report_format},   {"title", report.title},
                           {"warning", report.warning}, {"remarks", report.remarks},
                           {"sections", sections},      {"notes", report.notes},
                           {"findings", findings}};
  return object.dump(1) + "\n";
}

Report report_from_json(std::string_view text) {
  try {
    const nn::Json object = nn::parse_json_object(text);
    if (object.value("format", nn::Json()) != report_format)
      throw std::invalid_argument(fmt::format("its format is {}, and this program reads {}",
                                              nn::shown(object.value("format", nn::Json())),
                                              report_format));
    Report report{text_at(object, "title")};
    report.warning = text_at(object, "warning");
    report.remarks = list_at(object, "remarks").get<std::vector<std::string>>();
    report.notes = list_at(object, "notes").get<std::vector<std::string>>();
    for (const nn::Json& section : list_at(object, "sections"))
      report.sections.push_back(section_from_json(section));
    for (const nn::Json& finding : list_at(object, "findings"))
      report.findings.push_back(finding_from_json(finding));
    return report;
  } catch (const nn::Json::exception& error) {  // a member is missing or of another type
    throw std::invalid_argument(nn::plain(error.what()));
  }
}

}  // namespace experiments::evidence
