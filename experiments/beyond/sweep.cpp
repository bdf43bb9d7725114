#include "experiments/beyond/sweep.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <string_view>

#include "experiments/evidence/statistics.h"

namespace experiments::beyond {

/// Written by the build from experiments/beyond/sweep.gp (cmake/embed_text.cmake).
std::string_view sweep_script();

}  // namespace experiments::beyond

namespace experiments::beyond::sweep {
namespace {

// The runs of each row, in the order of the rows; of the folder only what was asked for.
std::vector<Runs> runs_of(const Sweep& sweep, const std::vector<CellResult>& results) {
  std::map<std::string, std::size_t> row_of;
  for (std::size_t i = 0; i < sweep.rows.size(); ++i) row_of[sweep.rows[i].cell.key()] = i;
  std::vector<Runs> runs(sweep.rows.size());
  for (const CellResult& result : results) {
    Cell cell = result.cell;
    cell.seed = 0;
    if (const auto row = row_of.find(cell.key()); row != row_of.end())
      runs[row->second][{cell.base_seed, result.cell.seed}] = result;
  }
  return runs;
}

std::vector<Cell> cells_of(const Sweep& sweep, const Settings& settings) {
  std::vector<Cell> cells;
  for (const Row& row : sweep.rows)
    for (int seed = 1; seed <= settings.seeds; ++seed) {
      cells.push_back(row.cell);
      cells.back().seed = static_cast<std::uint64_t>(seed);
    }
  return cells;
}

// The mean over the runs; NaN where one diverged.
std::string perplexity_text(const Runs& runs) {
  const auto read = [](const CellResult& result) { return result.more.at("perplexity"); };
  return fmt::format("{:.3f}", mean(values(runs, read)));
}

Section score_section(const Sweep& sweep, const std::vector<Runs>& runs) {
  const CellResult& any = runs.front().begin()->second;
  std::string metric = any.metric;
  std::replace(metric.begin(), metric.end(), '_', ' ');
  Section section{fmt::format("{}: {} in %", any.cell.task, metric)};
  section.remarks = {fmt::format("Mean ± sd over {} seed{}; nll in nats per target token.",
                                 runs.front().size(), runs.front().size() == 1 ? "" : "s")};
  std::vector<std::string> head;
  for (const Axis& axis : sweep.axes) head.push_back(axis.name);
  head.insert(head.end(), {"score", "nll", "trained", "lr", "its rate is"});
  const bool has_perplexity = any.more.contains("perplexity");
  if (has_perplexity) head.push_back("perplexity");
  section.table = {head};
  for (std::size_t i = 0; i < runs.size(); ++i) {
    const Row& row = sweep.rows[i];
    std::vector<std::string> texts = row.values;
    texts.insert(texts.end(), {score_text(&runs[i]), nll_text(&runs[i]),
                               std::to_string(summary(runs[i]).trainable),
                               fmt::format("{:g}", row.cell.lr), row.lr_source});
    if (has_perplexity) texts.push_back(perplexity_text(runs[i]));
    section.table.push_back(texts);
  }
  return section;
}

const char* edge_text(LrChoice::Edge edge) {
  return edge == LrChoice::Edge::inside   ? ""
         : edge == LrChoice::Edge::lowest ? "the lowest"
                                          : "the highest";
}

Section search_section(const Sweep& sweep) {
  Section section{"Learning rates, searched on validation examples"};
  section.remarks = {
      "The same number of rates and seeds for every row to begin with, and more beyond an edge of "
      "these. An optimum at an edge may lie beyond it."};
  std::vector<std::string> head;
  for (const Axis& axis : sweep.axes) head.push_back(axis.name);
  head.insert(head.end(), {"rates", "from", "to", "chosen", "at an edge"});
  section.table = {head};
  for (std::size_t i = 0; i < sweep.searches.size(); ++i) {
    const LrSearch& search = sweep.searches[i];
    std::vector<std::string> texts = sweep.rows[i].values;
    texts.insert(texts.end(),
                 {std::to_string(search.grid.size()), fmt::format("{:g}", search.grid.front().lr),
                  fmt::format("{:g}", search.grid.back().lr), fmt::format("{:g}", search.choice.lr),
                  edge_text(search.choice.edge)});
    section.table.push_back(texts);
  }
  return section;
}

Report read(const Sweep& sweep, const Results& results) {
  const std::vector<CellResult> asked = asked_for(results);
  std::vector<std::string> names;
  for (const Axis& axis : sweep.axes) names.push_back(axis.name);
  Report report{fmt::format("{} against {}", sweep.rows.front().cell.task, fmt::join(names, ", "))};
  report.sections = {score_section(sweep, runs_of(sweep, asked))};
  if (!sweep.searches.empty()) report.sections.push_back(search_section(sweep));
  report.data = results_csv(asked);
  report.more_data["figure"] = figure_data(sweep, asked);
  return report;
}

// "rank = 4; targets = q+v": all axes but the first.
std::string line_label(const Sweep& sweep, const Row& row) {
  std::vector<std::string> parts;
  for (std::size_t i = 1; i < sweep.axes.size(); ++i)
    parts.push_back(fmt::format("{} = {}", sweep.axes[i].name, row.values[i]));
  return fmt::format("{}", fmt::join(parts, "; "));
}

// Each once, in the order of the rows.
std::vector<std::string> line_labels(const Sweep& sweep) {
  std::vector<std::string> lines;
  for (const Row& row : sweep.rows)
    if (std::string label = line_label(sweep, row); std::ranges::count(lines, label) == 0)
      lines.push_back(std::move(label));
  return lines;
}

}  // namespace

Experiment experiment(const Sweep& sweep) {
  return {.name = sweep.name,
          .question = "a sweep of one's own",
          .cells = [sweep](const Settings& settings) { return cells_of(sweep, settings); },
          .read = [sweep](const Results& results, Lab&) { return read(sweep, results); }};
}

Csv figure_data(const Sweep& sweep, const std::vector<CellResult>& results) {
  Csv csv({"line", "line_label", "x", "x_label", "mean", "sd"});
  const std::vector<Runs> runs = runs_of(sweep, results);
  const std::vector<std::string> lines = line_labels(sweep);
  std::vector<std::string> places = sweep.axes.front().values;
  for (const Row& row : sweep.rows)
    if (std::ranges::count(places, row.values.front()) == 0) places.push_back(row.values.front());
  for (std::size_t line = 0; line < lines.size(); ++line)
    for (std::size_t i = 0; i < runs.size(); ++i) {
      const Row& row = sweep.rows[i];
      if (line_label(sweep, row) != lines[line] || runs[i].empty()) continue;
      const auto place = std::ranges::find(places, row.values.front()) - places.begin();
      const Summary s = summary(runs[i]);
      // gnuplot takes a comma for the end of a field, in quotes too.
      std::string label = lines[line], x_label = row.values.front();
      for (std::string* text : {&label, &x_label}) std::ranges::replace(*text, ',', '+');
      csv.row(line, label, place, x_label, s.mean, s.sd);
    }
  return csv;
}

std::string figure_script(const Sweep& sweep) {
  std::string script(sweep_script());
  const auto replace = [&](const std::string& from, const std::string& to) {
    for (std::size_t at = 0; (at = script.find(from, at)) != std::string::npos; at += to.size())
      script.replace(at, from.size(), to);
  };
  replace("@NAME@", sweep.name);
  const std::string& task = sweep.rows.front().cell.task;
  replace("@SCORE@", sweep.score.empty() ? "score('" + task + "')" : "'" + sweep.score + "'");
  replace("@TASK@", task);
  replace("@AXIS@", sweep.axes.front().name);
  std::vector<std::string> quoted;
  for (const std::string& label : line_labels(sweep)) quoted.push_back("'" + label + "'");
  replace("@COUNT@", std::to_string(quoted.size()));
  replace("@LABELS@", fmt::format("{}", fmt::join(quoted, ", ")));
  return script;
}

}  // namespace experiments::beyond::sweep
