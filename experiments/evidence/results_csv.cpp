#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "experiments/evidence/score_table.h"

namespace experiments {

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

std::string csv_number(double x) { return std::isnan(x) ? std::string() : fmt::format("{}", x); }

std::vector<std::string> csv_line(const CellResult& result, const std::set<std::string>& further) {
  std::map<std::string, std::string> fields;
  for (const FieldText& field : field_texts(result.cell))
    fields[field.name] = field.is_list ? fmt::format("\"{}\"", field.text) : field.text;
  std::vector<std::string> line;
  for (const std::string& name : first_columns()) line.push_back(fields.at(name));
  for (const std::string& text : {fmt::format("{}", result.trainable), result.metric,
                                  csv_number(result.value), csv_number(result.nll)})
    line.push_back(text);
  for (const std::string& name : further) {
    const auto at = result.more.find(name);
    line.push_back(at == result.more.end() ? "" : csv_number(at->second));
  }
  for (const std::string& name : last_columns()) line.push_back(fields.at(name));
  return line;
}

}  // namespace

std::string results_csv(const std::vector<CellResult>& results) {
  std::map<std::string, const CellResult*> sorted;
  std::set<std::string> further;
  for (const CellResult& result : results) {
    sorted[result.cell.key()] = &result;
    for (const auto& [name, value] : result.more) further.insert(name);
  }
  std::string text = fmt::format("{},trainable,metric,value,nll", fmt::join(first_columns(), ","));
  for (const std::string& name : further) text += "," + name;
  text += fmt::format(",{}\n", fmt::join(last_columns(), ","));
  for (const auto& [key, result] : sorted)
    text += fmt::format("{}\n", fmt::join(csv_line(*result, further), ","));
  return text;
}

}  // namespace experiments
