#include <fmt/format.h>
#include <fmt/ranges.h>

#include <map>

#include "experiments/evidence/verdicts.h"
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

std::string outcome_cell(Outcome outcome) {
  const OutcomeWords& words = words_of(outcome);
  return fmt::format("<td class=\"outcome {}\">{} {}</td>", words.style, words.sign, words.text);
}

std::string part_cells(const Finding::Part& part) {
  const std::string contrast =
      part.contrast.text + (part.contrast.note.empty() ? "" : ". " + part.contrast.note);
  return fmt::format("<td>{}</td><td>{}<br><small>{}</small></td>{}<td>{}</td>", escaped(part.task),
                     escaped(part.statement), escaped(contrast),
                     outcome_cell(part.judgement.outcome),
                     escaped(evidence_text(part.contrast, part.judgement)));
}

// "sqlgen ✓, nli ?": what it comes to on each task.
std::string tasks_text(const Finding& finding) {
  std::vector<std::string> tasks;
  for (const auto& [task, outcome] : finding.by_task())
    tasks.push_back(fmt::format("{} {}", task, words_of(outcome).sign));
  return fmt::format("{}", fmt::join(tasks, ", "));
}

std::string summary_row(const Finding& finding) {
  return element("tr", fmt::format("<th>{}</th><td>{}</td><td>{}</td><td>{}</td><td>{}</td>"
                                   "<td>{}</td>"
                                   "<td><code>{}</code></td>",
                                   escaped(finding.id), escaped(finding.statement),
                                   escaped(paper_value(finding.id)), escaped(finding.summary()),
                                   escaped(tasks_text(finding)),
                                   finding.cells > 0 ? std::to_string(finding.cells) : "–",
                                   escaped(finding.command)));
}

}  // namespace

std::string verdicts_section(const std::vector<Finding>& judged) {
  const std::string head = element("tr",
                                   "<th></th><th>what is stated</th><th>in the paper</th>"
                                   "<th>here</th><th>task by task</th><th>runs</th>"
                                   "<th>command</th>");
  const std::string parts_head = element("tr",
                                         "<th></th><th>on</th><th>tested</th>"
                                         "<th class=\"outcome\">outcome</th>"
                                         "<th>mean difference [95 % alone], p after Holm</th>");
  std::string rows, parts;
  for (const Finding& finding : judged) {
    rows += summary_row(finding);
    for (const Finding::Part& part : finding.parts)
      parts += element("tr", fmt::format("<th>{}</th>{}", escaped(finding.id), part_cells(part)));
  }
  const std::string rule =
      "On a task a finding holds where all its parts do, and does not where one does not; toy tasks "
      "contradict no paper, so only arithmetic (F9) can be contradicted. Each part is a paired "
      "difference over (base seed, seed), tested against a threshold that was fixed in code before "
      "anything ran: by a t-test, or by sign flips where a run did not learn or nothing differs. p "
      "is corrected over the parts of its finding (Holm), at 5 %; the interval is of one part alone. "
      "Where n stands in place of pairs, what was repeated is something else and stands beside it: "
      "F9 repeats timings or takes widths and ranks, F4 takes seeds, every two of which make a "
      "pair. Runs are trained cells, each counted once.";
  return element("section",
                 element("h2", "Verdicts") + element("p", escaped(rule)) +
                     table_of_rows(head, rows) + element("h3", "Statement by task") +
                     whole_table(statements_by_task(judged)) +
                     details("The parts: what was tested, on which task, and how it came out",
                             table_of_rows(parts_head, parts)),
                 "id=\"verdicts\"");
}

}  // namespace experiments::report
