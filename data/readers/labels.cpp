#include "data/readers/labels.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <set>

#include "nn/files/json.h"

namespace data::readers {
namespace {

[[noreturn]] void fail_at(const Record& record, const std::filesystem::path& file,
                          std::string_view what) {
  throw DataError(fmt::format("{}, line {}: {}", file.string(), record.line, what));
}

std::string quoted_names(const std::vector<std::string>& names) {
  std::vector<std::string> quoted;
  for (const std::string& name : names) quoted.push_back(nn::printable(name));
  return fmt::format("{}", fmt::join(quoted, ", "));
}

}  // namespace

std::vector<std::string> label_names(const std::vector<Record>& records,
                                     const std::filesystem::path& file) {
  std::set<std::string> names;
  for (const Record& record : records) {
    if (record.label.empty()) fail_at(record, file, "it has no label");
    names.insert(record.label);
  }
  if (names.size() < 2)
    throw DataError(fmt::format("{}: a classifier needs two labels or more; all {} records have {}",
                                file.string(), records.size(),
                                names.empty() ? "none" : nn::printable(*names.begin())));
  return {names.begin(), names.end()};
}

std::size_t label_id(const Record& record, const std::vector<std::string>& labels,
                     const std::filesystem::path& file) {
  if (record.label.empty()) fail_at(record, file, "it has no label");
  const auto place = std::find(labels.begin(), labels.end(), record.label);
  if (place == labels.end())
    fail_at(record, file,
            fmt::format("the label {} is not one of those in training: {}",
                        nn::printable(record.label), quoted_names(labels)));
  return static_cast<std::size_t>(place - labels.begin());
}

std::vector<std::size_t> label_ids(const std::vector<Record>& records,
                                   const std::vector<std::string>& labels,
                                   const std::filesystem::path& file) {
  std::vector<std::size_t> ids;
  for (const Record& record : records) ids.push_back(label_id(record, labels, file));
  return ids;
}

}  // namespace data::readers
