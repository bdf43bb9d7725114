#pragma once

#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/readers/record.h"

namespace data::readers {

/// The records of a file, one after the other, in the memory of one line.
class Reader {
 public:
  explicit Reader(std::filesystem::path file) : file_(std::move(file)) {}
  virtual ~Reader() = default;
  Reader(const Reader&) = delete;
  Reader& operator=(const Reader&) = delete;

  /// The next record; nothing at the end. Throws DataError, at the end also where there was none.
  std::optional<Record> next();

  const Counts& counts() const { return counts_; }
  const std::filesystem::path& file() const { return file_; }

 protected:
  /// The next record, if any. It counts the lines that it reads, and what it skips.
  virtual std::optional<Record> read() = 0;

  void count_lines(std::size_t lines) { counts_.lines = lines; }  ///< so far
  void skip(const std::string& reason, std::size_t line);
  [[noreturn]] void fail(std::size_t line, std::string_view what) const;

 private:
  std::filesystem::path file_;
  Counts counts_;
};

/// A form that data come in, a row of data. docs/data-files.md shows each.
struct Format {
  std::string_view name;  ///< what --format takes
  std::string_view what;  ///< a few words for help
  std::unique_ptr<Reader> (*open)(const std::filesystem::path& file,
                                  const std::filesystem::path& tables);
  bool has_tables = false;  ///< does it take the file of tables? It may still be empty: see below
};

/// All of them, in the order of help.
std::span<const Format> all_formats();

/// Their names: "text, jsonl, ...".
std::string format_names();

/// Throws DataError listing the formats.
const Format& parse_format(std::string_view name);

/// Opens a file. `tables` is for wikisql, the file with the headers of its tables; without it that is
/// X.tables.jsonl or X.headers.jsonl beside X.jsonl. Throws DataError for a format that is none, a
/// file that cannot be read, and tables that the format has no use for.
std::unique_ptr<Reader> open_reader(const std::filesystem::path& file, std::string_view format,
                                    const std::filesystem::path& tables = {});

struct DataSet {
  std::vector<Record> records;
  Counts counts;
};

/// The whole file. Throws DataError.
DataSet read_all(const std::filesystem::path& file, std::string_view format,
                 const std::filesystem::path& tables = {});

}  // namespace data::readers
