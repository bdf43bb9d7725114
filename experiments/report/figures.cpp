#include "experiments/report/figures.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <sstream>
#include <string_view>
#include <utility>

#include "experiments/harness/child_process.h"
#include "experiments/report/html.h"
#include "nn/files/file.h"

namespace experiments::report {

namespace fs = std::filesystem;

/// Written by the build from the scripts that its CMakeLists.txt lists (cmake/embed_files.cmake).
std::vector<std::pair<std::string_view, std::string_view>> figure_scripts();

namespace {

// Not those of the user's ~/.gnuplot: a report looks the same for everybody.
constexpr const char* own_settings = "--default-settings";

// What the scripts share, and no figure of its own.
bool is_shared(std::string_view file) { return file == "style.gp" || file == "heatmaps.gp"; }

std::string field(const std::string& script, const std::string& name) {
  std::istringstream lines(script);
  std::string text;
  for (std::string line; std::getline(lines, line) && line.starts_with("#");) {
    const std::string start = "# " + name + ": ";
    if (line.starts_with(start)) text += (text.empty() ? "" : " ") + line.substr(start.size());
  }
  return text;
}

void replace_all(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size())
    text.replace(at, from.size(), to);
}

// Of every sweep of an experiment a table in OUT/figures.
void write_summaries(const fs::path& out, const std::vector<std::string>& sweeps,
                     const fs::path& folder) {
  for (const std::string& sweep : sweeps)
    nn::write_file_atomically(folder / (sweep + "_cells.csv"),
                              cells_summary_csv(out / sweep / "cells.jsonl"));
}

void write_shared(const fs::path& folder) {
  for (const auto& [file, script] : figure_scripts())
    if (is_shared(file)) nn::write_file_atomically(folder / file, script);
}

Drawing drawn(const Figure& figure, const fs::path& folder) {
  Drawing drawing{figure, "", ""};
  for (const std::string& data : figure.data)
    if (!fs::exists(folder / data)) {
      drawing.problem = data + " is not there";
      return drawing;
    }
  nn::write_file_atomically(folder / (figure.name + ".gp"), figure.script);
  const auto [status, text] = run_program({"gnuplot", own_settings, figure.name + ".gp"}, folder);
  const fs::path svg = folder / (figure.name + ".svg");
  if (status != 0 || !fs::exists(svg))
    drawing.problem = fmt::format("gnuplot {}.gp says: {}", figure.name, text);
  else
    drawing.svg = inline_svg(nn::read_file(svg), figure);
  return drawing;
}

}  // namespace

Figure figure_from_script(const std::string& name, const std::string& script) {
  Figure figure{name, field(script, "title"), field(script, "caption"), {}, script};
  std::istringstream data(field(script, "data"));
  for (std::string file; data >> file;) figure.data.push_back(file);
  if (figure.title.empty() || figure.caption.empty() || figure.data.empty())
    throw std::invalid_argument(
        fmt::format("{}.gp does not begin with # title:, # data: and # caption:", name));
  return figure;
}

std::vector<Figure> all_figures() {
  std::vector<Figure> figures;
  for (const auto& [file, script] : figure_scripts())
    if (!is_shared(file))
      figures.push_back(figure_from_script(fs::path(file).stem().string(), std::string(script)));
  return figures;
}

static bool has_gnuplot() { return run_program({"gnuplot", "--version"}, "").status == 0; }

void require_gnuplot() {
  if (!has_gnuplot())
    throw std::runtime_error(
        "gnuplot cannot be run, and it draws the report's figures; its package is gnuplot-nox");
}

std::vector<Drawing> draw_figures(const fs::path& out, const std::vector<std::string>& sweeps) {
  const fs::path folder = out / "figures";
  nn::create_folders(folder);
  write_summaries(out, sweeps, folder);
  write_shared(folder);
  std::vector<Drawing> drawings;
  for (const Figure& figure : all_figures()) drawings.push_back(drawn(figure, folder));
  return drawings;
}

Drawing draw_figure(const std::string& name, std::string_view script, const fs::path& folder) {
  nn::create_folders(folder);
  write_shared(folder);
  return drawn(figure_from_script(name, std::string(script)), folder);
}

std::string draw_beside(const std::string& name, const std::string& script,
                        const fs::path& folder) {
  if (!has_gnuplot()) return "gnuplot is not here (Debian's package is gnuplot-nox)";
  return draw_figure(name, script, folder).problem;
}

std::string draw_aside(const std::string& name, std::string_view script, const std::string& data,
                       const std::string& csv, const fs::path& svg) {
  if (!has_gnuplot()) return "gnuplot is not here (Debian's package is gnuplot-nox)";
  try {
    const nn::TemporaryFolder folder;  // what gnuplot reads and writes on the way
    nn::write_file_atomically(folder / data, csv);
    const Drawing drawing = draw_figure(name, script, folder.path());
    if (drawing.problem.empty())
      nn::write_file_atomically(svg, nn::read_file(folder / (name + ".svg")));
    return drawing.problem;
  } catch (const std::exception& error) {
    return error.what();
  }
}

std::string inline_svg(const std::string& svg, const Figure& figure) {
  const std::size_t start = svg.find("<svg");
  if (start == std::string::npos)
    throw std::invalid_argument(fmt::format("the drawing of {} is no SVG", figure.name));
  std::string text = svg.substr(start);
  for (const char quote : {'\'', '"'}) {
    replace_all(text, fmt::format(" id={}", quote), fmt::format(" id={}{}-", quote, figure.name));
    replace_all(text, fmt::format("href={}#", quote),
                fmt::format("href={}#{}-", quote, figure.name));
  }
  replace_all(text, "url(#", fmt::format("url(#{}-", figure.name));
  const std::size_t title = text.find("<title>"), end = text.find("</title>");
  if (title != std::string::npos && end != std::string::npos)
    text.replace(title, end - title, "<title>" + escaped(figure.title));
  return text;
}

}  // namespace experiments::report
