#pragma once

#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/evidence/csv.h"
#include "experiments/evidence/findings.h"
#include "experiments/evidence/plain_table.h"

namespace experiments::evidence {

/// One table with what there is to say before it.
struct Section {
  std::string title = {};
  std::vector<std::string> remarks = {};
  PlainTable table = {};
};

/// What an experiment has found, once: the text for a terminal, the page in Markdown, the data in
/// CSV and the JSON from which the page of `report` is drawn are all made of it.
struct Report {
  std::string title;
  std::vector<std::string> remarks = {};  ///< before the tables, a paragraph each
  std::vector<Section> sections = {};
  std::vector<std::string> notes = {};        ///< below the tables, a paragraph each
  std::vector<Finding> findings = {};         ///< not judged yet
  Csv data = {};                              ///< of NAME.csv
  std::map<std::string, Csv> more_data = {};  ///< of NAME.<key>.csv
  std::string warning = {};                   ///< what a reader must know first
};

/// For a terminal of so many columns. Statements that the experiment tells alone (in_summary)
/// follow the tables with their verdicts.
std::string report_text(const Report& report, std::size_t columns = 100);

/// For GitHub.
std::string report_markdown(const Report& report);

/// Without the data, which have files of their own.
std::string report_json(const Report& report);

/// Throws std::invalid_argument for a text that report_json did not write.
Report report_from_json(std::string_view text);

/// The statements that the experiment tells alone, judged.
std::vector<Finding> own_findings(const Report& report);

/// Those statements with their verdicts as a table, which says how a verdict comes about; without
/// rows where there are none.
Section own_verdicts(const Report& report);

}  // namespace experiments::evidence
