#include <fmt/format.h>

#include <algorithm>
#include <map>

#include "experiments/harness/build_info.h"
#include "experiments/harness/experiment.h"
#include "experiments/harness/progress.h"
#include "experiments/harness/results.h"
#include "experiments/report/html.h"
#include "experiments/report/report.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::report {

namespace fs = std::filesystem;

namespace {

// Of a file that may not be there or be another's: what it does not say stays empty.
nn::Json read_json(const fs::path& path) {
  if (!is_there(path)) return nn::Json::object();
  try {
    return nn::parse_json_object(nn::read_file(path));
  } catch (const nn::JsonError&) {
    return nn::Json::object();
  }
}

std::string text_at(const nn::Json& object, const char* name) {
  if (!object.contains(name)) return "";
  const nn::Json& value = object.at(name);
  return value.is_string() ? value.get<std::string>() : nn::text_of(value);
}

double number_at(const nn::Json& object, const char* name) {
  const auto found = object.find(name);
  return found != object.end() && found->is_number() ? found->get<double>() : 0;
}

// Its lists and objects; empty where it has none of the kind.
nn::Json part_at(const nn::Json& object, const char* name, nn::Json::value_t kind) {
  const auto found = object.find(name);
  return found != object.end() && found->type() == kind ? *found : nn::Json(kind);
}

// "24, of them 6 by table5", and the seconds of those that this sweep has trained, as if they had
// run one after the other.
std::pair<std::string, std::string> cells_and_seconds(const fs::path& out,
                                                      const std::string& sweep) {
  const std::vector<CellResult> results = read_cells(out / sweep / "cells.jsonl");
  if (results.empty()) return {"", ""};
  std::map<std::string, int> others;
  double seconds = 0;
  for (const CellResult& result : results) {
    if (result.experiment == sweep)
      seconds += result.seconds;
    else
      ++others[result.experiment];
  }
  std::string cells = std::to_string(results.size());
  for (const auto& [experiment, count] : others)
    cells += fmt::format(", {}{} by {}", cells.find(',') == std::string::npos ? "of them " : "",
                         count, experiment);
  return {cells, duration_text(seconds)};
}

// What a stage rests on is in the folder of its sweep, which it may share.
std::vector<std::string> stage_row(const fs::path& out, const std::vector<Experiment>& experiments,
                                   const std::string& name) {
  const std::string sweep = sweep_of(experiments, name);
  const nn::Json card = read_json(out / sweep / "run.json");
  const nn::Json extent = part_at(card, "extent", nn::Json::value_t::object);
  const auto [cells, seconds] = cells_and_seconds(out, sweep);
  return {
      name,  sweep,  text_at(card, "hash"), text_at(extent, "base_seeds"), text_at(extent, "seeds"),
      cells, seconds};
}

std::string run_of_the_paper(const fs::path& out) {
  const nn::Json log = read_json(out / "paper.json");
  const nn::Json stages = part_at(log, "stages", nn::Json::value_t::array);
  if (stages.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  double sum = 0;
  for (const nn::Json& stage : stages) {
    if (!stage.is_object()) continue;
    const double seconds = number_at(stage, "seconds");
    sum += seconds;
    rows.push_back({text_at(stage, "name"), duration_text(seconds), text_at(stage, "problem")});
  }
  rows.push_back({"in all", duration_text(sum), ""});
  return element("p",
                 fmt::format("Last run: <code>{}</code>, started {}. A stage that found its "
                             "results there took no time.",
                             escaped(text_at(log, "command")), escaped(text_at(log, "started")))) +
         table_html({"stage", "wall clock", "problem"}, rows);
}

// The machines that the cells were computed on, each once.
std::string machines(const fs::path& out, const std::vector<Experiment>& experiments,
                     const std::vector<Stage>& stages) {
  std::vector<std::vector<std::string>> rows;
  for (const Stage& stage : stages) {
    const nn::Json card = read_json(out / sweep_of(experiments, stage.name) / "run.json");
    for (const nn::Json& machine : part_at(card, "runs", nn::Json::value_t::array)) {
      if (!machine.is_object()) continue;
      const std::vector<std::string> row{text_at(machine, "commit"), text_at(machine, "compiler"),
                                         text_at(machine, "flags"), text_at(machine, "cpu")};
      if (std::find(rows.begin(), rows.end(), row) == rows.end()) rows.push_back(row);
    }
  }
  const BuildInfo build = build_info();
  return table_html({"commit", "compiler", "flags", "processor"}, rows) +
         element("p", fmt::format("This page was written by the program of commit <code>{}</code>.",
                                  escaped(build.commit)));
}

}  // namespace

std::string provenance_section(const fs::path& out, const std::vector<Experiment>& experiments,
                               const std::vector<Stage>& stages) {
  std::vector<std::vector<std::string>> rows;
  for (const Stage& stage : stages) rows.push_back(stage_row(out, experiments, stage.name));
  std::string html = element("h2", "Provenance") + run_of_the_paper(out) +
                     table_html({"stage", "folder", "configuration", "base seeds", "seeds", "cells",
                                 "seconds of one core"},
                                rows) +
                     machines(out, experiments, stages);
  const fs::path verdicts = out / "verdicts.json";
  if (is_there(verdicts))
    html +=
        element("p", download_link("verdicts.json", "application/json", nn::read_file(verdicts)));
  return element("section", html, "id=\"provenance\"");
}

}  // namespace experiments::report
