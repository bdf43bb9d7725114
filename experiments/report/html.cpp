#include "experiments/report/html.h"

#include <fmt/format.h>

#include "experiments/evidence/csv.h"

namespace experiments::report {

namespace {

// "1,024", "62.0 ±5.1", "+0.1 [-5.4, +5.6]", "1e-05", "62.0 ±5.1*", the best; a list "[1,2]" is
// none.
bool is_number(const std::string& cell) {
  return cell.find_first_not_of("0123456789.,+-%()[]e ±*") == std::string::npos &&
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
  std::vector<std::vector<std::string>> rows = read_csv(csv);
  if (rows.empty()) return "";
  const std::vector<std::string> head = rows.front();
  rows.erase(rows.begin());
  const std::size_t all = rows.size();
  if (all > most_rows) rows.resize(most_rows);
  std::string html = table_html(head, rows);
  if (all > most_rows)
    html += element("p", fmt::format("{} of {} rows; the file has all.", most_rows, all));
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

}  // namespace experiments::report
