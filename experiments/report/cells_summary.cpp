#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "experiments/evidence/statistics.h"
#include "experiments/harness/results.h"
#include "experiments/report/figures.h"
#include "experiments/training/cell.h"

namespace experiments::report {

namespace {

// The numbers of one kind of cell, by measurement.
struct Repetitions {
  CellResult first;
  std::map<std::string, std::vector<double>> values;
};

// "q+v": gnuplot takes a comma for the end of a field, in quotes too.
std::string list_text(std::string text) {
  std::replace(text.begin(), text.end(), ',', '+');
  return text.empty() ? "-" : text;
}

// What tells kinds of cells apart, without what they are repeated over. What a cell got later
// stands at the end of a line, so that the other columns keep their places.
std::vector<FieldText> fields_of_kind(const Cell& cell, bool came_later) {
  std::vector<FieldText> fields;
  for (FieldText& field : field_texts(cell)) {
    if (field.name == "seed" || field.name == "base_seed" || field.came_later != came_later)
      continue;
    if (field.is_list) field.text = list_text(field.text);
    fields.push_back(std::move(field));
  }
  return fields;
}

std::string number_text(double x) { return std::isfinite(x) ? fmt::format("{}", x) : ""; }

std::string line_of(const Repetitions& repetitions, const std::set<std::string>& measurements) {
  const CellResult& first = repetitions.first;
  std::string line;
  for (const FieldText& field : fields_of_kind(first.cell, false)) line += field.text + ",";
  line +=
      fmt::format("{},{},{}", repetitions.values.at("value").size(), first.metric, first.trainable);
  for (const std::string& name : measurements) {
    const auto found = repetitions.values.find(name);
    line += found == repetitions.values.end()
                ? ",,"
                : fmt::format(",{},{}", number_text(mean(found->second)),
                              number_text(sample_sd(found->second)));
  }
  for (const FieldText& field : fields_of_kind(first.cell, true)) line += "," + field.text;
  return line + "\n";
}

std::string head_line(const std::set<std::string>& measurements) {
  std::string line;
  for (const FieldText& field : fields_of_kind({}, false)) line += field.name + ",";
  line += "n,metric,trainable";
  for (const std::string& name : measurements) line += fmt::format(",{0}_mean,{0}_sd", name);
  for (const FieldText& field : fields_of_kind({}, true)) line += "," + field.name;
  return line + "\n";
}

}  // namespace

std::string cells_summary_csv(const std::filesystem::path& cells_jsonl) {
  // In the order of a line plot: by what its axis may be, as numbers.
  using Order = std::tuple<std::string, std::string, std::string, int, int, int, int, std::string>;
  std::map<Order, Repetitions> kinds;
  std::set<std::string> measurements{"value", "nll"};
  for (const CellResult& result : read_cells(cells_jsonl)) {
    Cell kind = result.cell;
    kind.seed = kind.base_seed = 0;
    Repetitions& repetitions =
        kinds
            .try_emplace({kind.task, kind.method, list_text(weight_set(kind.targets)), kind.size,
                          kind.rank, kind.facts, kind.examples, kind.key()},
                         Repetitions{result, {}})
            .first->second;
    repetitions.values["value"].push_back(100 * result.value);
    repetitions.values["nll"].push_back(result.nll);
    for (const auto& [name, value] : result.more) {
      repetitions.values[name].push_back(value);
      measurements.insert(name);
    }
  }
  std::string csv = head_line(measurements);
  for (const auto& [key, repetitions] : kinds) csv += line_of(repetitions, measurements);
  return csv;
}

}  // namespace experiments::report
