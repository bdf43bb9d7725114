#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/readers/lines.h"

namespace data::readers {

/// The rows of a file that is a table.
class Rows {
 public:
  explicit Rows(const std::filesystem::path& file) : file_(file), lines_(file) {}
  virtual ~Rows() = default;
  Rows(const Rows&) = delete;
  Rows& operator=(const Rows&) = delete;

  /// The next row, of one field or more; false at the end. Throws DataError.
  bool next(std::vector<std::string>& fields);

  std::size_t first_line() const { return first_line_; }  ///< of the last row, from 1
  std::size_t lines() const { return lines_.number(); }   ///< read so far

 protected:
  /// Cuts `line_`, which may take lines more.
  virtual void cut(std::vector<std::string>& fields) = 0;

  std::filesystem::path file_;
  Lines lines_;
  std::string line_;
  std::size_t first_line_ = 0;
};

/// Fields between tabs. Nothing is quoted: a quote is a quote, and no field has a tab or a line break.
class TabRows : public Rows {
 public:
  using Rows::Rows;

 private:
  void cut(std::vector<std::string>& fields) override;
};

/// CSV as RFC 4180 has it. A field may stand in double quotes; it may then have commas, line breaks,
/// which become LF, and double quotes, each of which is written twice.
class CsvRows : public Rows {
 public:
  using Rows::Rows;

 private:
  void cut(std::vector<std::string>& fields) override;
  std::string plain_field(std::size_t& at) const;
  std::string quoted_field(std::size_t& at);
  [[noreturn]] void fail(std::size_t line, const char* what) const;
};

}  // namespace data::readers
