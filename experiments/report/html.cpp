#include "experiments/report/html.h"

#include <fmt/format.h>

#include <algorithm>

namespace experiments {

namespace {

std::vector<std::string> lines_of(std::string_view text) {
  std::vector<std::string> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    lines.emplace_back(text.substr(0, end));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::vector<std::string> csv_cells(std::string_view line) {
  std::vector<std::string> cells{""};
  bool quoted = false;
  for (const char c : line) {
    if (c == '"')
      quoted = !quoted;
    else if (c == ',' && !quoted)
      cells.emplace_back();
    else if (c != '\r')
      cells.back() += c;
  }
  return cells;
}

// What stands between two marks becomes an element: "a *b* c". A mark alone stays what it is.
std::string between_marks(const std::string& html, const std::string& mark, const char* tag) {
  std::string out;
  std::size_t at = 0;
  for (;;) {
    const std::size_t open = html.find(mark, at);
    const std::size_t close =
        open == std::string::npos ? open : html.find(mark, open + mark.size());
    const bool empty = close == open + mark.size();
    const bool spaced = open != std::string::npos && open + mark.size() < html.size() &&
                        html[open + mark.size()] == ' ';
    if (close == std::string::npos || empty || spaced) return out + html.substr(at);
    out += html.substr(at, open - at);
    out += fmt::format("<{0}>{1}</{0}>", tag,
                       html.substr(open + mark.size(), close - open - mark.size()));
    at = close + mark.size();
  }
}

std::string inline_html(std::string_view text) {
  std::string html = between_marks(escaped(text), "`", "code");
  html = between_marks(html, "**", "strong");
  return between_marks(html, "*", "em");
}

std::string trimmed(std::string_view text) {
  const std::size_t from = text.find_first_not_of(' ');
  if (from == std::string_view::npos) return "";
  return std::string(text.substr(from, text.find_last_not_of(' ') - from + 1));
}

std::vector<std::string> markdown_cells(std::string_view line) {
  std::vector<std::string> cells;
  line.remove_prefix(1);  // the first |
  line = line.substr(0, line.find_last_not_of(' ') + 1);
  while (!line.empty()) {
    std::string cell;
    std::size_t end = 0;
    for (; end < line.size() && line[end] != '|'; ++end) {
      if (line.substr(end).starts_with("\\|")) ++end;  // a bar within the cell
      cell += line[end];
    }
    cells.push_back(trimmed(cell));
    line.remove_prefix(std::min(end + 1, line.size()));
  }
  return cells;
}

bool is_rule(const std::string& line) {
  return line.starts_with("|") && line.find('-') != std::string::npos &&
         line.find_first_not_of("|-: ") == std::string::npos;
}

std::string row_html(const std::string& line, const char* tag) {
  std::string cells;
  for (const std::string& cell : markdown_cells(line))
    cells += fmt::format("<{0}>{1}</{0}>", tag, inline_html(cell));
  return element("tr", cells);
}

// Of so many lines a table is opened by who wants to read it.
constexpr std::size_t long_table = 40;

// "1,024", "62.0 ±5.1", "+0.1 [-5.4, +5.6]", "1e-05"; a list "[1,2]" is none.
bool is_number(const std::string& cell) {
  return cell.find_first_not_of("0123456789.,+-%()[]e ±") == std::string::npos &&
         !cell.starts_with('[') && cell.find_first_of("0123456789") != std::string::npos;
}

// Whether a column has numbers, and where it has none a dash or nothing.
bool has_numbers(const std::vector<std::vector<std::string>>& rows, std::size_t column) {
  bool any = false;
  for (const auto& cells : rows) {
    const std::string cell = column < cells.size() ? cells[column] : "";
    if (is_number(cell))
      any = true;
    else if (!cell.empty() && cell != "-" && cell != "–")
      return false;
  }
  return any;
}

// Consecutive lines of one kind make one element.
enum class LineKind { blank, heading, table, list, text };

LineKind kind_of_line(const std::string& line) {
  if (trimmed(line).empty()) return LineKind::blank;
  if (line.starts_with("#")) return LineKind::heading;
  if (line.starts_with("|")) return LineKind::table;
  if (line.starts_with("- ")) return LineKind::list;
  return LineKind::text;
}

std::string block_html(LineKind kind, const std::vector<std::string>& lines) {
  std::string html;
  switch (kind) {
    case LineKind::blank:
      return "";
    case LineKind::heading:
      for (const std::string& line : lines) {
        const std::size_t level = std::min(line.find_first_not_of('#'), line.size());
        html += element(fmt::format("h{}", std::min<std::size_t>(level + 2, 6)),
                        inline_html(trimmed(line.substr(level))));
      }
      return html;
    case LineKind::table:
      for (std::size_t i = 0; i < lines.size(); ++i)
        if (!is_rule(lines[i])) html += row_html(lines[i], i == 0 ? "th" : "td");
      html = element("div", element("table", html), "class=\"wide\"");
      return lines.size() > long_table
                 ? details(fmt::format("table of {} rows", lines.size() - 2), html)
                 : html;
    case LineKind::list:
      for (const std::string& line : lines) html += element("li", inline_html(line.substr(2)));
      return element("ul", html);
    default:
      for (const std::string& line : lines) html += (html.empty() ? "" : " ") + line;
      return element("p", inline_html(html));
  }
}

}  // namespace

std::string escaped(std::string_view text) {
  std::string html;
  for (const char c : text) {
    switch (c) {
      case '&':
        html += "&amp;";
        break;
      case '<':
        html += "&lt;";
        break;
      case '>':
        html += "&gt;";
        break;
      case '"':
        html += "&quot;";
        break;
      case '\'':
        html += "&#39;";
        break;
      default:
        html += c;
    }
  }
  return html;
}

std::string element(std::string_view tag, std::string_view html, std::string_view attributes) {
  return fmt::format("<{0}{1}{2}>{3}</{0}>\n", tag, attributes.empty() ? "" : " ", attributes,
                     html);
}

std::string details(std::string_view summary, std::string_view html) {
  return element("details", fmt::format("<summary>{}</summary>\n{}", escaped(summary), html));
}

std::string table_of_rows(std::string_view head_html, std::string_view rows_html) {
  const std::string html = element("thead", head_html) + element("tbody", rows_html);
  return element("div", element("table", html), "class=\"wide\"");
}

std::string table_html(const std::vector<std::string>& head,
                       const std::vector<std::vector<std::string>>& rows) {
  std::vector<bool> numbers;
  for (std::size_t i = 0; i < head.size(); ++i) numbers.push_back(has_numbers(rows, i));
  const auto row = [&](const std::vector<std::string>& cells, const char* tag) {
    std::string html;
    for (std::size_t i = 0; i < cells.size(); ++i) {
      const char* kind = i < numbers.size() && numbers[i] ? " class=\"n\"" : "";
      html += fmt::format("<{0}{1}>{2}</{0}>", tag, kind, escaped(cells[i]));
    }
    return element("tr", html);
  };
  std::string body;
  for (const auto& cells : rows) body += row(cells, "td");
  return table_of_rows(row(head, "th"), body);
}

std::string csv_html(std::string_view csv, std::size_t most_rows) {
  const std::vector<std::string> lines = lines_of(csv);
  if (lines.empty()) return "";
  std::vector<std::vector<std::string>> rows;
  for (std::size_t i = 1; i < lines.size() && rows.size() < most_rows; ++i)
    rows.push_back(csv_cells(lines[i]));
  std::string html = table_html(csv_cells(lines[0]), rows);
  if (rows.size() + 1 < lines.size())
    html += element("p",
                    fmt::format("{} of {} rows; the file has all.", rows.size(), lines.size() - 1));
  return html;
}

std::string download_link(const std::string& file_name, std::string_view mime_type,
                          std::string_view bytes) {
  std::string data;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    const bool plain = (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                       std::string_view("-._~,").find(c) != std::string_view::npos;
    if (plain)
      data += c;
    else
      data += fmt::format("%{:02X}", byte);
  }
  return fmt::format("<a download=\"{0}\" href=\"data:{1};charset=utf-8,{2}\">{0}</a>",
                     escaped(file_name), mime_type, data);
}

std::string markdown_html(std::string_view markdown) {
  std::string html;
  std::vector<std::string> block;
  LineKind kind = LineKind::blank;
  for (const std::string& line : lines_of(markdown)) {
    const LineKind now = kind_of_line(line);
    if (now != kind) {
      html += block_html(kind, block);
      block.clear();
    }
    kind = now;
    block.push_back(line);
  }
  return html + block_html(kind, block);
}

}  // namespace experiments
