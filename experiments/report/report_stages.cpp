#include <fmt/format.h>

#include <algorithm>

#include "experiments/report/html.h"
#include "experiments/report/report.h"
#include "nn/files/file.h"

namespace experiments::report {

namespace fs = std::filesystem;

namespace {

// Of so many rows a table, and of so many tables the rest, is opened by who wants to read it.
constexpr std::size_t long_table = 40, many_tables = 6;

std::string paragraphs(const std::vector<std::string>& texts) {
  std::string html;
  for (const std::string& text : texts) html += element("p", escaped(text));
  return html;
}

std::string whole_table(const PlainTable& table) {
  return table.empty() ? "" : table_html(table.front(), {table.begin() + 1, table.end()});
}

std::string heading(const Section& section) {
  return (section.title.empty() ? "" : element("h4", escaped(section.title))) +
         paragraphs(section.remarks);
}

std::string section_html(const Section& section) {
  const std::string table = whole_table(section.table);
  return heading(section) +
         (section.table.size() > long_table
              ? details(fmt::format("table of {} rows", section.table.size() - 1), table)
              : table);
}

std::string sections_html(const std::vector<Section>& sections) {
  std::string html, rest;
  for (std::size_t i = 0; i < sections.size(); ++i)
    (i < many_tables ? html : rest) += section_html(sections[i]);
  if (!rest.empty())
    html += details(fmt::format("{} more tables", sections.size() - many_tables), rest);
  return html;
}

std::string data_html(const fs::path& folder) {
  std::error_code unreadable;
  std::string html;
  for (const fs::path& path : entries_of(folder, unreadable)) {
    if (path.extension() != ".csv") continue;
    const std::string csv = nn::read_file(path);
    if (csv.empty()) continue;
    html += details(
        "data: " + path.filename().string(),
        element("p", download_link(path.filename().string(), "text/csv", csv)) + csv_html(csv));
  }
  return html;
}

// That a sweep has drawn beside its data.
std::string own_figure(const fs::path& folder, const Stage& stage) {
  const fs::path svg = folder / (stage.name + ".svg");
  if (!is_there(svg)) return "";
  const Figure figure{stage.name, stage.report.title, "", {}, ""};
  return element("figure",
                 element("div", inline_svg(nn::read_file(svg), figure), "class=\"wide\""));
}

}  // namespace

std::string figure_section(const fs::path& out, const Drawing& drawing) {
  const Figure& figure = drawing.figure;
  if (drawing.svg.empty())
    return element("p",
                   fmt::format("<strong>{}</strong> is not drawn: {}", escaped(figure.title),
                               escaped(drawing.problem)),
                   "class=\"missing\"");
  std::string html = element("h4", escaped(figure.title)) +
                     element("div", drawing.svg, "class=\"wide\"") +
                     element("figcaption", escaped(figure.caption));
  for (const std::string& data : figure.data) {
    const fs::path path = out / "figures" / data;
    const std::string csv = nn::read_file(path);
    // A table's data are whole in its section; a page need not hold them twice.
    const std::string stage = path.stem().string();
    const std::string whole =
        data.starts_with("../")
            ? fmt::format("<a href=\"#{0}\">{0}</a> has the whole file.", escaped(stage))
            : download_link(path.filename().string(), "text/csv", csv);
    html += details("data: " + path.filename().string(), element("p", whole) + csv_html(csv, 100));
  }
  html += details("script: " + figure.name + ".gp", element("pre", escaped(figure.script)));
  return element("figure", html, fmt::format("id=\"figure-{}\"", escaped(figure.name)));
}

std::string stage_section(const fs::path& out, const Stage& stage,
                          const std::vector<Drawing>& drawings) {
  const Report& report = stage.report;
  const Section verdicts = own_verdicts(report);
  std::string html = element("h3", escaped(report.title)) + paragraphs(report.remarks) +
                     sections_html(report.sections) + paragraphs(report.notes) + heading(verdicts) +
                     whole_table(verdicts.table);
  for (const Drawing& drawing : drawings) html += figure_section(out, drawing);
  if (drawings.empty()) html += own_figure(out / stage.name, stage);
  html += data_html(out / stage.name);
  html += element("p",
                  fmt::format("<code>./run {}</code> · <a href=\"#top\">back to the top</a>",
                              escaped(stage.name)),
                  "class=\"command\"");
  return element("section", html, fmt::format("id=\"{}\"", escaped(stage.name)));
}

}  // namespace experiments::report
