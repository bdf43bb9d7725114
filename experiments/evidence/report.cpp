#include "experiments/evidence/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "experiments/evidence/text.h"

namespace experiments::evidence {

static const char* const judging_rule =
    "Verdicts: mean of paired differences over (base seed, seed). The 95 % interval is of one "
    "statement on one task alone; p, against the threshold, is Holm-corrected over the family of a "
    "statement's tasks, at 5 %. So a verdict can be open though the interval is on one side. Where a "
    "run did not learn, or nothing differs, the test is by sign flips.";

std::vector<Finding> own_findings(const Report& report) {
  std::vector<Finding> own;
  for (const Finding& finding : report.findings)
    if (!finding.in_summary) own.push_back(finding);
  judge(own);
  return own;
}

std::string report_text(const Report& report, std::size_t columns) {
  std::string text;
  const auto paragraph = [&](const std::string& words) { text += wrapped("", 0, words, columns); };
  if (!report.warning.empty()) text += report.warning + "\n\n";
  for (const std::string& remark : report.remarks) paragraph(remark);
  if (!report.remarks.empty()) text += "\n";
  for (const Section& section : report.sections) {
    if (!section.title.empty()) paragraph(section.title);
    for (const std::string& remark : section.remarks) paragraph(remark);
    text += (section.title.empty() ? "" : "\n") + console_table(section.table, columns) + "\n";
  }
  for (const std::string& note : report.notes) paragraph(note);
  const std::vector<Finding> own = own_findings(report);
  if (own.empty()) return text;
  if (!report.notes.empty()) text += "\n";
  paragraph(judging_rule);
  return text + findings_text(own, columns);
}

Section own_verdicts(const Report& report) {
  const std::vector<Finding> judged = own_findings(report);
  if (judged.empty()) return {};
  Section section{"Verdicts", {judging_rule}, {}};
  section.table = {{"statement", "task", "verdict", "evidence", "difference, and where it holds",
                    "in the paper", "beside it"}};
  for (const Finding& finding : judged)
    for (const Finding::Part& part : finding.parts)
      section.table.push_back({fmt::format("{} {}", finding.id, part.statement), part.task,
                               outcome_text(part.judgement.outcome),
                               evidence_text(part.contrast, part.judgement), part.contrast.text,
                               part.paper, part.contrast.note});
  return section;
}

static std::string section_markdown(const Section& section) {
  std::string text;
  if (!section.title.empty()) text += fmt::format("\n## {}\n", section.title);
  if (!section.remarks.empty()) text += fmt::format("\n{}\n", fmt::join(section.remarks, " "));
  return text + "\n" + markdown_table(section.table);
}

std::string report_markdown(const Report& report) {
  std::string text = fmt::format("# {}\n", report.title);
  if (!report.warning.empty()) text += fmt::format("\n**{}**\n", report.warning);
  for (const std::string& remark : report.remarks) text += "\n" + remark + "\n";
  for (const Section& section : report.sections) text += section_markdown(section);
  for (const std::string& note : report.notes) text += "\n" + note + "\n";
  if (const Section verdicts = own_verdicts(report); !verdicts.table.empty())
    text += section_markdown(verdicts);
  return text;
}

}  // namespace experiments::evidence
