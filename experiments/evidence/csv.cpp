#include "experiments/evidence/csv.h"

#include <fmt/format.h>

#include <cmath>
#include <stdexcept>

namespace experiments::evidence {

namespace {

std::string quoted(const std::string& field) {
  if (field.find_first_of(",\"\n\r") == std::string::npos) return field;
  std::string text = "\"";
  for (const char c : field) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

std::string line_of(const std::vector<std::string>& fields) {
  std::string line;
  for (std::size_t i = 0; i < fields.size(); ++i) line += (i > 0 ? "," : "") + quoted(fields[i]);
  return line + "\n";
}

}  // namespace

std::string Csv::field(double x) { return std::isnan(x) ? "" : fmt::to_string(x); }

void Csv::add(std::vector<std::string> fields) {
  if (fields.size() != head_.size())
    throw std::logic_error(
        fmt::format("a row of {} fields under a head of {}", fields.size(), head_.size()));
  rows_.push_back(std::move(fields));
}

std::string Csv::text() const {
  if (empty()) return "";
  std::string text = line_of(head_);
  for (const auto& row : rows_) text += line_of(row);
  return text;
}

std::vector<std::vector<std::string>> read_csv(std::string_view text) {
  std::vector<std::vector<std::string>> rows;
  bool is_quoted = false, is_new = true;  // within quotes; before a row's first character
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (is_new) rows.push_back({""});
    is_new = false;
    const char c = text[i];
    std::string& field = rows.back().back();
    if (c == '"' && is_quoted && i + 1 < text.size() && text[i + 1] == '"')
      field += text[++i];
    else if (c == '"')
      is_quoted = !is_quoted;
    else if (is_quoted)
      field += c;
    else if (c == ',')
      rows.back().emplace_back();
    else if (c == '\n')
      is_new = true;
    else if (c != '\r')
      field += c;
  }
  if (is_quoted) throw std::invalid_argument("a quote is not closed");
  return rows;
}

}  // namespace experiments::evidence
