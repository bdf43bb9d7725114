#include "data/readers/record.h"

#include <fmt/format.h>

#include <unordered_map>

namespace data::readers {

static std::string counted(std::size_t n, std::string_view noun) {
  return fmt::format("{} {}{}", n, noun, n == 1 ? "" : "s");
}

std::string to_string(const Counts& counts) {
  std::string text =
      fmt::format("{}, {}", counted(counts.lines, "line"), counted(counts.records, "record"));
  const char* before = "; skipped: ";
  for (const Skipped& skipped : counts.skipped) {
    text += fmt::format("{}{} {} (first in line {})", before, skipped.reason, skipped.count,
                        skipped.first_line);
    before = ", ";
  }
  return text;
}

std::vector<References> references(const std::vector<Record>& records) {
  std::vector<References> all;
  std::unordered_map<std::string, std::size_t> places;
  for (const Record& record : records) {
    if (record.kind != RecordKind::completion)
      throw std::invalid_argument("references are completions of prompts");
    const auto [place, is_new] = places.try_emplace(record.prompt, all.size());
    if (is_new) all.push_back({record.prompt, {}});
    all[place->second].texts.push_back(record.completion);
  }
  return all;
}

}  // namespace data::readers
