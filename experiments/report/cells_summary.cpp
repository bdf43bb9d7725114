#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "experiments/evidence/csv.h"
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

std::vector<std::string> line_of(const Repetitions& repetitions,
                                 const std::set<std::string>& measurements) {
  const CellResult& first = repetitions.first;
  std::vector<std::string> line;
  for (const FieldText& field : fields_of_kind(first.cell, false)) line.push_back(field.text);
  line.insert(line.end(), {std::to_string(repetitions.values.at("value").size()), first.metric,
                           std::to_string(first.trainable)});
  for (const std::string& name : measurements) {
    const auto found = repetitions.values.find(name);
    const bool is_missing = found == repetitions.values.end();
    line.push_back(is_missing ? "" : number_text(mean(found->second)));
    line.push_back(is_missing ? "" : number_text(sample_sd(found->second)));
  }
  for (const FieldText& field : fields_of_kind(first.cell, true)) line.push_back(field.text);
  return line;
}

std::vector<std::string> head_line(const std::set<std::string>& measurements) {
  std::vector<std::string> line;
  for (const FieldText& field : fields_of_kind({}, false)) line.push_back(field.name);
  line.insert(line.end(), {"n", "metric", "trainable"});
  for (const std::string& name : measurements)
    line.insert(line.end(), {name + "_mean", name + "_sd"});
  for (const FieldText& field : fields_of_kind({}, true)) line.push_back(field.name);
  return line;
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
  Csv csv(head_line(measurements));
  for (const auto& [key, repetitions] : kinds) csv.add(line_of(repetitions, measurements));
  return csv.text();
}

}  // namespace experiments::report
