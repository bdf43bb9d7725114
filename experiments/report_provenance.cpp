#include <fmt/format.h>

#include <fstream>
#include <nlohmann/json.hpp>

#include "experiments/build_info.h"
#include "experiments/experiment.h"
#include "experiments/html.h"
#include "experiments/progress.h"
#include "experiments/report.h"
#include "nn/files/file.h"

namespace experiments {

namespace fs = std::filesystem;

namespace {

using Json = nlohmann::json;

// Of a file that may not be there or be another's: what it does not say stays empty.
Json read_json(const fs::path& path) {
  if (!fs::exists(path)) return Json::object();
  const Json json = Json::parse(nn::read_file(path), nullptr, false);
  return json.is_object() ? json : Json::object();
}

std::string text_at(const Json& object, const char* name) {
  if (!object.contains(name)) return "";
  const Json& value = object.at(name);
  return value.is_string() ? value.get<std::string>() : value.dump();
}

// Seconds over all cells, as if they had run one after the other.
std::pair<int, double> cells_and_seconds(const fs::path& cells_jsonl) {
  int cells = 0;
  double seconds = 0;
  std::ifstream lines(cells_jsonl);
  for (std::string line; std::getline(lines, line);) {
    const Json cell = Json::parse(line, nullptr, false);
    if (!cell.is_object() || !cell.contains("seconds") || !cell["seconds"].is_number()) continue;
    ++cells;
    seconds += cell["seconds"].get<double>();
  }
  return {cells, seconds};
}

// What a stage rests on is in the folder of its sweep, which it may share.
std::vector<std::string> stage_row(const fs::path& out, const std::string& name) {
  const std::string sweep = sweep_of(name);
  const Json card = read_json(out / sweep / "run.json");
  const Json extent = card.value("extent", Json::object());
  const auto [cells, seconds] = cells_and_seconds(out / sweep / "cells.jsonl");
  return {name,
          sweep,
          text_at(card, "hash"),
          text_at(extent, "base_seeds"),
          text_at(extent, "seeds"),
          cells > 0 ? std::to_string(cells) : "",
          cells > 0 ? duration_text(seconds) : ""};
}

std::string run_of_the_paper(const fs::path& out) {
  const Json log = read_json(out / "paper.json");
  if (!log.contains("stages")) return "";
  std::vector<std::vector<std::string>> rows;
  double sum = 0;
  for (const Json& stage : log.at("stages")) {
    const double seconds = stage.value("seconds", 0.0);
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
std::string machines(const fs::path& out, const std::vector<std::string>& stages) {
  std::vector<std::vector<std::string>> rows;
  for (const std::string& name : stages) {
    const Json card = read_json(out / sweep_of(name) / "run.json");
    for (const Json& machine : card.value("runs", Json::array())) {
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

std::string provenance_section(const fs::path& out) {
  const std::vector<std::string> stages = stages_in(out);
  std::vector<std::vector<std::string>> rows;
  for (const std::string& name : stages) rows.push_back(stage_row(out, name));
  std::string html = element("h2", "Provenance") + run_of_the_paper(out) +
                     table_html({"stage", "folder", "configuration", "base seeds", "seeds", "cells",
                                 "seconds of one core"},
                                rows) +
                     machines(out, stages);
  const fs::path verdicts = out / "verdicts.json";
  if (fs::exists(verdicts))
    html +=
        element("p", download_link("verdicts.json", "application/json", nn::read_file(verdicts)));
  return element("section", html, "id=\"provenance\"");
}

}  // namespace experiments
