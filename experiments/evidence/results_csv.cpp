#include <algorithm>
#include <set>

#include "experiments/evidence/score_table.h"

namespace experiments::evidence {

namespace {

// Columns keep their places: those of before, and behind the measurements what a cell got later.
const std::vector<std::string>& first_columns() {
  static const std::vector<std::string> names{
      "task",  "facts",   "base_seed", "seed",      "method", "size",  "targets", "rank",
      "alpha", "scaling", "dropout",   "optimizer", "lr",     "steps", "examples"};
  return names;
}

std::vector<std::string> last_columns() {
  std::vector<std::string> names;
  for (const FieldText& field : field_texts({}))
    if (std::ranges::count(first_columns(), field.name) == 0) names.push_back(field.name);
  return names;
}

std::vector<std::string> row_of(const CellResult& result, const std::set<std::string>& further) {
  std::map<std::string, std::string> fields;
  for (const FieldText& field : field_texts(result.cell)) fields[field.name] = field.text;
  std::vector<std::string> row;
  for (const std::string& name : first_columns()) row.push_back(fields.at(name));
  row.insert(row.end(), {Csv::field(result.trainable), result.metric, Csv::field(result.value),
                         Csv::field(result.nll)});
  for (const std::string& name : further) {
    const auto at = result.more.find(name);
    row.push_back(at == result.more.end() ? "" : Csv::field(at->second));
  }
  for (const std::string& name : last_columns()) row.push_back(fields.at(name));
  return row;
}

}  // namespace

Csv results_csv(const std::vector<CellResult>& results) {
  std::map<std::string, const CellResult*> sorted;
  std::set<std::string> further;
  for (const CellResult& result : results) {
    sorted[result.cell.key()] = &result;
    for (const auto& [name, value] : result.more) further.insert(name);
  }
  std::vector<std::string> head = first_columns();
  head.insert(head.end(), {"trainable", "metric", "value", "nll"});
  head.insert(head.end(), further.begin(), further.end());
  const std::vector<std::string> last = last_columns();
  head.insert(head.end(), last.begin(), last.end());
  Csv csv(head);
  for (const auto& [key, result] : sorted) csv.add(row_of(*result, further));
  return csv;
}

}  // namespace experiments::evidence
