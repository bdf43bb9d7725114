#include "experiments/report/report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <set>
#include <string_view>

#include "experiments/evidence/findings_file.h"
#include "experiments/harness/experiment.h"
#include "experiments/harness/results.h"
#include "experiments/report/figures.h"
#include "experiments/report/html.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments {

namespace fs = std::filesystem;

/// Written by the build from experiments/report/ (cmake/embed_text.cmake).
std::string_view report_style();
std::string_view report_errata();

namespace {

std::string file_name(const fs::path& path) { return path.filename().string(); }

// An experiment's own table, with its data behind it.
std::string stage_section(const fs::path& out, const std::string& name) {
  const fs::path folder = out / name;
  std::string html;
  const fs::path table = folder / (name + ".md");
  if (fs::exists(table))
    html += markdown_html(nn::read_file(table));
  else
    html += element("h3", escaped(name)) + element("p", "It has written no table.");
  std::set<fs::path> data;
  std::error_code unreadable;
  for (fs::directory_iterator file(folder, unreadable), end; file != end;
       file.increment(unreadable))
    if (file->path().extension() == ".csv") data.insert(file->path());
  for (const fs::path& path : data) {
    const std::string csv = nn::read_file(path);
    html += details("data: " + file_name(path),
                    element("p", download_link(file_name(path), "text/csv", csv)) + csv_html(csv));
  }
  html += element("p", fmt::format("<code>./run {}</code>", escaped(name)), "class=\"command\"");
  return element("section", html, fmt::format("id=\"{}\"", escaped(name)));
}

std::string figure_section(const fs::path& out, const Drawing& drawing) {
  const Figure& figure = drawing.figure;
  if (drawing.svg.empty())
    return element("p",
                   fmt::format("<strong>{}</strong> is not drawn: {}", escaped(figure.title),
                               escaped(drawing.problem)),
                   "class=\"missing\"");
  std::string html = element("h3", escaped(figure.title)) + drawing.svg +
                     element("figcaption", escaped(figure.caption));
  for (const std::string& data : figure.data) {
    const fs::path path = out / "figures" / data;
    const std::string csv = nn::read_file(path);
    // A table's data are whole in its section; a page need not hold them twice.
    const std::string stage = path.stem().string();
    const std::string whole =
        data.starts_with("../")
            ? fmt::format("<a href=\"#{0}\">{0}</a> has the whole file.", escaped(stage))
            : download_link(file_name(path), "text/csv", csv);
    html += details("data: " + file_name(path), element("p", whole) + csv_html(csv, 100));
  }
  html += details("script: " + figure.name + ".gp", element("pre", escaped(figure.script)));
  return element("figure", html, fmt::format("id=\"figure-{}\"", escaped(figure.name)));
}

std::string contents(const std::vector<std::string>& stages) {
  std::string links = "<a href=\"#top\">top</a> <a href=\"#verdicts\">verdicts</a> ";
  for (const std::string& name : stages)
    links += fmt::format("<a href=\"#{0}\">{0}</a> ", escaped(name));
  for (const char* section : {"figures", "formulas", "errata", "provenance"})
    links += fmt::format("<a href=\"#{0}\">{0}</a> ", section);
  return element("nav", links);
}

std::string page(const fs::path& out, const std::vector<Experiment>& experiments,
                 const std::string& warning, const std::vector<Finding>& judged,
                 const std::vector<Drawing>& drawings) {
  const std::vector<std::string> stages = stages_in(out, experiments);
  std::string body = element("h1", "LoRA’s evidence, on toy tasks");
  if (!warning.empty())
    body += element("p", element("strong", escaped(warning)), "class=\"warning\"");
  body += contents(stages) + verdicts_section(judged);
  body += element("h2", "Tables", "id=\"tables\"");
  for (const std::string& name : stages) body += stage_section(out, name);
  body += element("h2", "Figures", "id=\"figures\"");
  for (const Drawing& drawing : drawings) body += figure_section(out, drawing);
  body += costs_section();
  body += element("section", markdown_html(report_errata()), "id=\"errata\" class=\"box\"");
  body += provenance_section(out, experiments);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>lowrank: report</title>\n"
      "<style>\n{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      report_style(), body);
}

}  // namespace

namespace {

bool is_there(const fs::path& path) {
  std::error_code ignored;
  return fs::exists(path, ignored);
}

// Why a folder holds something else than its name says, as a copy of another does; "" where not.
std::string other_contents(const fs::path& folder) {
  const std::string name = file_name(folder);
  if (is_there(folder / "run.json")) {
    try {
      const nn::Json card = nn::parse_json_object(nn::read_file(folder / "run.json"));
      const nn::Json experiment = card.value("experiment", nn::Json());
      if (experiment != name) return fmt::format("its run.json is of {}", nn::shown(experiment));
    } catch (const nn::JsonError& error) {
      return fmt::format("its run.json {}", error.what());
    } catch (const nn::FileError& error) {
      return error.what();
    }
  }
  if (is_there(folder / "findings.json"))
    for (const Finding& finding : read_findings(folder / "findings.json"))
      if (finding.command != "./run " + name)
        return fmt::format("its findings are of {}", nn::printable(finding.command));
  return "";
}

}  // namespace

std::vector<std::string> stages_in(const fs::path& out,
                                   const std::vector<Experiment>& experiments) {
  std::vector<std::string> stages;
  for (const Experiment& experiment : experiments) {
    const fs::path folder = out / experiment.name;
    const bool has_results =
        is_there(folder / "findings.json") || is_there(folder / (experiment.name + ".md"));
    if (has_results && other_contents(folder).empty()) stages.push_back(experiment.name);
  }
  return stages;
}

std::vector<std::string> sweeps_in(const fs::path& out,
                                   const std::vector<Experiment>& experiments) {
  std::set<std::string> sweeps;
  for (const Experiment& experiment : experiments) {
    const std::string sweep = sweep_of(experiment);
    if (is_there(out / sweep / "cells.jsonl") && other_contents(out / sweep).empty())
      sweeps.insert(sweep);
  }
  return {sweeps.begin(), sweeps.end()};
}

std::vector<std::string> left_out(const fs::path& out, const std::vector<Experiment>& experiments) {
  std::set<std::string> ours{"learning-rates"}, lines;
  for (const Experiment& experiment : experiments)
    ours.insert({experiment.name, sweep_of(experiment)});
  std::error_code unreadable;  // what may not be looked into is no results of ours
  for (fs::directory_iterator entry(out, unreadable), end; entry != end;
       entry.increment(unreadable)) {
    const fs::path folder = entry->path();
    if (!is_there(folder / "findings.json") && !is_there(folder / "cells.jsonl")) continue;
    const std::string why =
        ours.contains(file_name(folder)) ? other_contents(folder) : "no experiment has that name";
    if (!why.empty()) lines.insert(fmt::format("{} is left out: {}", folder.string(), why));
  }
  return {lines.begin(), lines.end()};
}

std::string warning(const fs::path& out, const std::vector<Experiment>& experiments) {
  std::vector<std::string> smoke;
  const std::vector<std::string> stages = stages_in(out, experiments);
  for (const std::string& name : stages) {
    const fs::path table = out / name / (name + ".md");
    if (is_there(table) && nn::read_file(table).find(hardly_trained) != std::string::npos)
      smoke.push_back(name);
  }
  if (smoke.empty()) return "";
  if (smoke.size() == stages.size()) return hardly_trained;
  return fmt::format("{} So it is with {}.", hardly_trained, fmt::join(smoke, ", "));
}

std::vector<Finding> judged_findings(const fs::path& out,
                                     const std::vector<Experiment>& experiments) {
  std::vector<Finding> measured;
  for (const std::string& name : stages_in(out, experiments)) {
    const fs::path path = out / name / "findings.json";
    if (!fs::exists(path)) continue;
    const std::vector<Finding> found = read_findings(path);
    measured.insert(measured.end(), found.begin(), found.end());
  }
  std::vector<Finding> family = whole_family(measured);
  judge(family);
  return family;
}

std::string write_report(const fs::path& out, const std::vector<Experiment>& experiments) {
  std::string text;
  for (const std::string& line : left_out(out, experiments)) text += line + "\n";
  if (stages_in(out, experiments).empty())
    throw std::runtime_error(
        fmt::format("{} has no results of an experiment; ./run paper makes them", out.string()));
  const std::vector<std::string> sweeps = sweeps_in(out, experiments);
  for (const std::string& sweep : sweeps)  // damage is said before anything is written
    read_cells(out / sweep / "cells.jsonl");
  const std::vector<Finding> judged = judged_findings(out, experiments);
  const std::string first = warning(out, experiments);
  if (!first.empty()) text += first + "\n";
  text += findings_summary(judged) + "\n";
  // Somebody else's results can be read all the same.
  if (::access(out.c_str(), W_OK) != 0 && (errno == EACCES || errno == EROFS))
    return text +
           fmt::format("{} cannot be written, so there is no report; copy the folder to have one\n",
                       out.string());
  nn::write_file_atomically(out / "verdicts.json", verdicts_json(judged, first));
  nn::write_file_atomically(out / "report.html",
                            page(out, experiments, first, judged, draw_figures(out, sweeps)));
  return text + fmt::format("{}\n", (out / "report.html").string());
}

}  // namespace experiments
