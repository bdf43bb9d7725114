#pragma once

#include <doctest/doctest.h>

#include <fstream>
#include <string>
#include <string_view>

#include "data/readers/reader.h"
#include "nn/files/file.h"

/// Small files that the tests write and read.
namespace written {

/// A data file "data.jsonl", and the tables beside it where the text is not empty.
class Files {
 public:
  explicit Files(std::string_view data, std::string_view tables = {}) {
    write(file(), data);
    if (!tables.empty()) write(folder_ / "data.tables.jsonl", tables);
  }
  std::filesystem::path file() const { return folder_ / "data.jsonl"; }
  std::string prefix() const { return folder_.path().string() + "/"; }

 private:
  static void write(const std::filesystem::path& path, std::string_view bytes) {
    std::ofstream(path, std::ios::binary) << bytes;
  }

  nn::TemporaryFolder folder_;
};

inline data::readers::DataSet read(std::string_view format, std::string_view data,
                                   std::string_view tables = {}) {
  return data::readers::read_all(Files(data, tables).file(), format);
}

/// What is said of a file that is refused, without its folder: "data.jsonl, line 2: ...". It is one
/// line of ASCII.
inline std::string refusal(std::string_view format, std::string_view data,
                           std::string_view tables = {}) {
  const Files files(data, tables);
  try {
    data::readers::read_all(files.file(), format);
  } catch (const data::readers::DataError& error) {
    std::string message = error.what();
    for (const char c : message) CHECK((c >= ' ' && c <= '~'));
    for (std::size_t at; (at = message.find(files.prefix())) != std::string::npos;)
      message.erase(at, files.prefix().size());
    return message;
  }
  return "accepted";
}

inline std::string counts(std::string_view format, std::string_view data,
                          std::string_view tables = {}) {
  return to_string(read(format, data, tables).counts);
}

}  // namespace written
