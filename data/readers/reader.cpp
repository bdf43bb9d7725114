#include "data/readers/reader.h"

#include <fmt/format.h>

#include <algorithm>

namespace data::readers {

void Reader::fail(std::size_t line, std::string_view what) const {
  throw DataError(fmt::format("{}, line {}: {}", file_.string(), line, what));
}

void Reader::skip(const std::string& reason, std::size_t line) {
  auto& skipped = counts_.skipped;
  const auto known = std::find_if(skipped.begin(), skipped.end(),
                                  [&](const Skipped& other) { return other.reason == reason; });
  if (known == skipped.end())
    skipped.push_back({reason, 1, line});
  else
    ++known->count;
}

std::optional<Record> Reader::next() {
  std::optional<Record> record = read();
  if (record) {
    ++counts_.records;
  } else if (counts_.records == 0) {
    if (counts_.lines == 0) throw DataError(fmt::format("{}: the file is empty", file_.string()));
    throw DataError(fmt::format("{}: no record in {}", file_.string(), to_string(counts_)));
  }
  return record;
}

DataSet read_all(const std::filesystem::path& file, std::string_view format,
                 const std::filesystem::path& tables) {
  const std::unique_ptr<Reader> reader = open_reader(file, format, tables);
  DataSet all;
  while (std::optional<Record> record = reader->next()) all.records.push_back(std::move(*record));
  all.counts = reader->counts();
  return all;
}

}  // namespace data::readers
