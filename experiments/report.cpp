#include "experiments/report.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>
#include <string_view>

#include "experiments/experiment.h"
#include "experiments/figures.h"
#include "experiments/findings_file.h"
#include "experiments/html.h"
#include "nn/files/file.h"

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
  for (const auto& file : fs::directory_iterator(folder))
    if (file.path().extension() == ".csv") data.insert(file.path());
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
  std::string links = "<a href=\"#verdicts\">verdicts</a> ";
  for (const std::string& name : stages)
    links += fmt::format("<a href=\"#{0}\">{0}</a> ", escaped(name));
  for (const char* section : {"figures", "formulas", "errata", "provenance"})
    links += fmt::format("<a href=\"#{0}\">{0}</a> ", section);
  return element("nav", links);
}

std::string page(const fs::path& out, const std::vector<Finding>& judged,
                 const std::vector<Drawing>& drawings) {
  const std::vector<std::string> stages = stages_in(out);
  std::string body =
      element("h1", "LoRA’s evidence, on toy tasks") + contents(stages) + verdicts_section(judged);
  body += element("h2", "Tables", "id=\"tables\"");
  for (const std::string& name : stages) body += stage_section(out, name);
  body += element("h2", "Figures", "id=\"figures\"");
  for (const Drawing& drawing : drawings) body += figure_section(out, drawing);
  body += costs_section();
  body += element("section", markdown_html(report_errata()), "id=\"errata\" class=\"box\"");
  body += provenance_section(out);
  return fmt::format(
      "<!DOCTYPE html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width\">\n<title>lowrank: report</title>\n"
      "<style>\n{}</style>\n</head>\n<body>\n{}</body>\n</html>\n",
      report_style(), body);
}

}  // namespace

std::vector<std::string> stages_in(const fs::path& out) {
  std::vector<std::string> stages;
  const auto has_results = [&](const std::string& name) {
    return fs::exists(out / name / "findings.json") || fs::exists(out / name / (name + ".md"));
  };
  for (const Experiment& experiment : all_experiments())
    if (has_results(experiment.name)) stages.push_back(experiment.name);
  std::set<std::string> others;
  for (const auto& folder : fs::directory_iterator(out)) {
    const std::string name = file_name(folder.path());
    if (folder.is_directory() && has_results(name) &&
        std::find(stages.begin(), stages.end(), name) == stages.end())
      others.insert(name);
  }
  stages.insert(stages.end(), others.begin(), others.end());
  return stages;
}

std::vector<Finding> judged_findings(const fs::path& out) {
  std::vector<Finding> measured;
  for (const std::string& name : stages_in(out)) {
    const fs::path path = out / name / "findings.json";
    if (!fs::exists(path)) continue;
    const std::vector<Finding> found = read_findings(path);
    measured.insert(measured.end(), found.begin(), found.end());
  }
  std::vector<Finding> family = whole_family(measured);
  judge(family);
  return family;
}

std::string write_report(const fs::path& out) {
  if (stages_in(out).empty())
    throw std::runtime_error(
        fmt::format("{} has no results of an experiment; ./run paper makes them", out.string()));
  const std::vector<Finding> judged = judged_findings(out);
  nn::write_file_atomically(out / "verdicts.json", verdicts_json(judged));
  nn::write_file_atomically(out / "report.html", page(out, judged, draw_figures(out)));
  return fmt::format("{}\n{}\n", findings_text(judged), (out / "report.html").string());
}

}  // namespace experiments
