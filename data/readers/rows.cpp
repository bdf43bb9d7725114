#include "data/readers/rows.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/readers/record.h"

namespace data::readers {

bool Rows::next(std::vector<std::string>& fields) {
  fields.clear();
  if (!lines_.next(line_)) return false;
  first_line_ = lines_.number();
  cut(fields);
  return true;
}

void TabRows::cut(std::vector<std::string>& fields) {
  for (std::size_t begin = 0, end; begin <= line_.size(); begin = end + 1) {
    end = std::min(line_.find('\t', begin), line_.size());
    fields.push_back(line_.substr(begin, end - begin));
  }
}

void CsvRows::cut(std::vector<std::string>& fields) {
  for (std::size_t at = 0;; ++at) {
    const bool is_quoted = at < line_.size() && line_[at] == '"';
    fields.push_back(is_quoted ? quoted_field(at) : plain_field(at));
    if (at == line_.size()) return;
  }
}

// Both read the field that begins at `at`, and leave `at` behind it: at a comma or the line's end.
std::string CsvRows::plain_field(std::size_t& at) const {
  const std::size_t begin = at;
  at = std::min(line_.find(',', begin), line_.size());
  std::string field = line_.substr(begin, at - begin);
  if (field.find('"') != std::string::npos)
    fail(lines_.number(), "a field with a quote in it has to be quoted, and the quote doubled");
  return field;
}

std::string CsvRows::quoted_field(std::size_t& at) {
  const std::size_t opened = lines_.number();
  std::string field;
  for (++at;;) {
    const std::size_t quote = std::min(line_.find('"', at), line_.size());
    field.append(line_, at, quote - at);
    if (field.size() > longest_line) fail(opened, "a quoted field is too long");
    if (quote == line_.size()) {  // the field goes on in the next line
      field += '\n';
      at = 0;
      if (!lines_.next(line_)) fail(opened, "a quoted field does not end");
    } else if (quote + 1 < line_.size() && line_[quote + 1] == '"') {
      field += '"';
      at = quote + 2;
    } else {
      at = quote + 1;
      break;
    }
  }
  if (at < line_.size() && line_[at] != ',')
    fail(lines_.number(), "a quoted field goes on behind its quote");
  return field;
}

void CsvRows::fail(std::size_t line, const char* what) const {
  throw DataError(fmt::format("{}, line {}: {}", file_.string(), line, what));
}

}  // namespace data::readers
