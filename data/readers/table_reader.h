#pragma once

#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "data/readers/reader.h"
#include "data/readers/rows.h"

namespace data::readers {

/// A file whose first row names the columns of the others.
class TableReader : public Reader {
 public:
  TableReader(const std::filesystem::path& file, std::unique_ptr<Rows> rows)
      : Reader(file), rows_(std::move(rows)) {}

 protected:
  using Row = std::vector<std::string>;
  static constexpr std::size_t none = std::string::npos;

  /// What of the header is needed. Throws DataError where it is not there.
  virtual void take_header() = 0;
  /// Whether a row may have so many fields.
  virtual bool is_row(std::size_t fields) const { return fields == header().size(); }
  /// The record of a row; nothing where it is skipped.
  virtual std::optional<Record> record_of(const Row& row) = 0;

  const Row& header() const { return header_; }
  /// The place of a column, or none. Throws DataError where there are two.
  std::size_t find_column(std::string_view name) const;
  /// The place of a column that has one of these names. Throws DataError where there is none.
  std::size_t need_column(std::initializer_list<std::string_view> names) const;

  void skip_row(const std::string& reason) { skip(reason, rows_->first_line()); }
  [[noreturn]] void fail_here(std::string_view what) const { fail(rows_->first_line(), what); }

 private:
  std::optional<Record> read() override;
  bool next_row();

  std::unique_ptr<Rows> rows_;
  Row header_, row_;
};

}  // namespace data::readers
