#include "data/readers/line_reader.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace data::readers {

std::string listed(const std::vector<std::string>& names) {
  constexpr std::size_t most = 20;
  std::vector<std::string> shown;
  for (std::size_t i = 0; i < std::min(most, names.size()); ++i)
    shown.push_back(nn::printable(names[i]));
  return fmt::format("{}{}", fmt::join(shown, ", "), names.size() > most ? ", ..." : "");
}

bool LineReader::next_line(std::string& line) {
  while (lines_.next(line)) {
    count_lines(line_number());
    if (!is_blank(line)) return true;
    skip_line("empty line");
  }
  return false;
}

bool LineReader::next_object(nn::Json& object) {
  std::string line;
  if (!next_line(line)) return false;
  try {
    object = nn::parse_json_object(line);
  } catch (const nn::JsonError& error) {
    fail_here(fmt::format("it {}", error.what()));
  }
  return true;
}

std::string LineReader::string_at(const nn::Json& object, const char* name) const {
  const auto found = object.find(name);
  if (found == object.end()) fail_here(fmt::format("there is no \"{}\"", name));
  if (!found->is_string())
    fail_here(fmt::format("\"{}\" is {}, where a string is wanted", name, nn::shown(*found)));
  std::string text = found->get<std::string>();
  if (text.find('\0') != std::string::npos) fail_here(fmt::format("\"{}\" has a NUL", name));
  return text;
}

}  // namespace data::readers
