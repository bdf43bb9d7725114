#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <tuple>

#include "experiments/evidence/statistics.h"
#include "experiments/harness/results.h"
#include "experiments/report/figures.h"
#include "experiments/training/cell.h"

namespace experiments {

namespace {

// The numbers of one kind of cell, by measurement.
struct Repetitions {
  CellResult first;
  std::map<std::string, std::vector<double>> values;
};

// "q+v": gnuplot takes a comma for the end of a field, in quotes too.
std::string matrices_text(const Cell& cell) {
  std::string text = weight_set(cell.targets);
  std::replace(text.begin(), text.end(), ',', '+');
  return text.empty() ? "-" : text;
}

std::string number_text(double x) { return std::isfinite(x) ? fmt::format("{}", x) : ""; }

std::string line_of(const Repetitions& repetitions, const std::set<std::string>& measurements) {
  const Cell& cell = repetitions.first.cell;
  std::string line = fmt::format(
      "{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{},{}", cell.task, cell.method, cell.size,
      matrices_text(cell), cell.rank, cell.alpha, cell.scaling, cell.init, cell.dropout,
      cell.optimizer, cell.base, cell.width, cell.facts, cell.lr, cell.steps, cell.examples,
      repetitions.values.at("value").size(), repetitions.first.metric, repetitions.first.trainable);
  for (const std::string& name : measurements) {
    const auto found = repetitions.values.find(name);
    line += found == repetitions.values.end()
                ? ",,"
                : fmt::format(",{},{}", number_text(mean(found->second)),
                              number_text(sample_sd(found->second)));
  }
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
            .try_emplace({kind.task, kind.method, matrices_text(kind), kind.size, kind.rank,
                          kind.facts, kind.examples, kind.key()},
                         Repetitions{result, {}})
            .first->second;
    repetitions.values["value"].push_back(100 * result.value);
    repetitions.values["nll"].push_back(result.nll);
    for (const auto& [name, value] : result.more) {
      repetitions.values[name].push_back(value);
      measurements.insert(name);
    }
  }
  std::string csv =
      "task,method,size,targets,rank,alpha,scaling,init,dropout,optimizer,base,width,facts,lr,"
      "steps,examples,n,metric,trainable";
  for (const std::string& name : measurements) csv += fmt::format(",{0}_mean,{0}_sd", name);
  csv += "\n";
  for (const auto& [key, repetitions] : kinds) csv += line_of(repetitions, measurements);
  return csv;
}

}  // namespace experiments
