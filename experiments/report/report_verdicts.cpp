#include <fmt/format.h>

#include <map>

#include "experiments/report/html.h"
#include "experiments/report/report.h"

namespace experiments::report {

namespace {

// What the paper measured (arXiv 2106.09685v2), in its own unit.
std::string paper_value(const std::string& id) {
  static const std::map<std::string, const char*> values{
      {"F1", "WikiSQL: q 70.4, k 70.0, v 73.0, o 73.2, {q,v} 73.7"},
      {"F2", "WikiSQL: {q,v} 73.4 at r = 1, 73.5 at 64; q 68.8 and 70.0"},
      {"F3", "φ > 0.5 for the first direction only"},
      {"F4", "seen in the figure, no number"},
      {"F5", "r = 4: 0.02 < 0.32 < 21.67; ‖ΔW‖ ÷ projection 21.5, at r = 64 about 2"},
      {"F6", "φ barely above 0.2, corrected for chance 0.11"},
      {"F7", "nll 1.23 at r = 1, 1.16 at 16 to 512, 1.17 at 1024"},
      {"F8", "MNLI, 100 examples: LoRA 63.8, full 60.2"},
      {"F9", "19.8 ms for both; Adapter-L 23.9, Adapter-H 25.8"}};
  const auto found = values.find(id);
  return found == values.end() ? "–" : found->second;
}

std::string outcome_cell(Outcome outcome, const std::string& attributes = "") {
  return fmt::format("<td class=\"outcome {0}\"{2}>{1} {0}</td>", outcome_text(outcome),
                     outcome_sign(outcome), attributes);
}

std::string part_cells(const Finding::Part& part) {
  const std::string contrast =
      part.contrast.text + (part.contrast.note.empty() ? "" : ". " + part.contrast.note);
  return fmt::format("<td>{}</td><td>{}<br><small>{}</small></td>{}<td>{}</td>", escaped(part.task),
                     escaped(part.statement), escaped(contrast),
                     outcome_cell(part.judgement.outcome),
                     escaped(evidence_text(part.contrast, part.judgement)));
}

// "3 ✓, 1 ✗, 2 ?": how the parts came out.
std::string parts_text(const Finding& finding) {
  std::string text;
  for (const auto& [outcome, words, sign] : outcome_words) {
    int count = 0;
    for (const Finding::Part& part : finding.parts) count += part.judgement.outcome == outcome;
    if (count > 0) text += fmt::format("{}{} {}", text.empty() ? "" : ", ", count, sign);
  }
  return text.empty() ? "not run" : text;
}

std::string summary_row(const Finding& finding) {
  return element("tr", fmt::format("<th>{}</th><td>{}</td><td>{}</td>{}<td>{}</td><td>{}</td>"
                                   "<td><code>{}</code></td>",
                                   escaped(finding.id), escaped(finding.statement),
                                   escaped(paper_value(finding.id)),
                                   outcome_cell(finding.outcome()), parts_text(finding),
                                   finding.cells > 0 ? std::to_string(finding.cells) : "–",
                                   escaped(finding.command)));
}

}  // namespace

std::string verdicts_section(const std::vector<Finding>& judged) {
  const std::string head = element("tr",
                                   "<th></th><th>what is stated</th><th>in the paper</th>"
                                   "<th class=\"outcome\">here</th><th>parts</th><th>runs</th>"
                                   "<th>command</th>");
  const std::string parts_head = element("tr",
                                         "<th></th><th>on</th><th>tested</th>"
                                         "<th class=\"outcome\">outcome</th>"
                                         "<th>mean difference [95 %], p after Holm</th>");
  std::string rows, parts;
  for (const Finding& finding : judged) {
    rows += summary_row(finding);
    for (const Finding::Part& part : finding.parts)
      parts += element("tr", fmt::format("<th>{}</th>{}", escaped(finding.id), part_cells(part)));
  }
  const std::string rule =
      "A finding is reproduced where all its parts are, contradicted where one is. Each part is a "
      "paired difference over (base seed, seed), tested by a t-test against a threshold that was "
      "fixed in code before anything ran; p is corrected over all parts together (Holm), at 5 %. "
      "Where n stands in place of pairs, what was repeated is something else and stands beside it: "
      "F9 repeats timings or takes widths and ranks, F4 takes seeds, every two of which make a "
      "pair. Runs are trained cells, each counted once.";
  return element("section",
                 element("h2", "Verdicts") + element("p", escaped(rule)) +
                     table_of_rows(head, rows) +
                     details("The parts: what was tested, on which task, and how it came out",
                             table_of_rows(parts_head, parts)),
                 "id=\"verdicts\"");
}

}  // namespace experiments::report
