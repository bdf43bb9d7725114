#include "data/readers/table_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "data/readers/line_reader.h"

namespace data::readers {

std::size_t TableReader::find_column(std::string_view name) const {
  const auto found = std::find(header_.begin(), header_.end(), name);
  if (found == header_.end()) return none;
  if (std::find(found + 1, header_.end(), name) != header_.end())
    fail_here(fmt::format("the header has the column {} twice", name));
  return static_cast<std::size_t>(found - header_.begin());
}

std::size_t TableReader::need_column(std::initializer_list<std::string_view> names) const {
  for (const std::string_view name : names)
    if (const std::size_t place = find_column(name); place != none) return place;
  fail_here(fmt::format("the header has no column {}; it has {}", fmt::join(names, " or "),
                        listed(header_)));
}

// A row of one blank field is an empty line.
bool TableReader::next_row() {
  while (rows_->next(row_)) {
    count_lines(rows_->lines());
    if (row_.size() > 1 || !is_blank(row_.front())) return true;
    skip_row("empty line");
  }
  return false;
}

std::optional<Record> TableReader::read() {
  if (header_.empty() && next_row()) {
    header_ = row_;
    take_header();
  }
  while (next_row()) {
    if (!is_row(row_.size()))
      fail_here(fmt::format("it has {} field{}, and the header {}", row_.size(),
                            row_.size() == 1 ? "" : "s", header_.size()));
    std::optional<Record> record = record_of(row_);
    if (!record) continue;
    record->line = rows_->first_line();
    return record;
  }
  return {};
}

}  // namespace data::readers
