#include "experiments/text_grid.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

namespace experiments {

// Characters, not bytes, of UTF-8.
static std::size_t width_of(const std::string& text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::string TextGrid::text() const {
  std::vector<std::size_t> widths;
  for (const std::string& title : head) widths.push_back(width_of(title));
  for (const auto& row : rows)
    for (std::size_t i = 0; i < row.size(); ++i) widths[i] = std::max(widths[i], width_of(row[i]));

  const auto line = [&](const std::vector<std::string>& row) {
    std::string out;
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string blanks(widths[i] - width_of(row[i]), ' ');
      out += i == 0 ? row[i] + blanks : "  " + blanks + row[i];
    }
    return out.erase(out.find_last_not_of(' ') + 1) + "\n";
  };
  std::string out = line(head);
  for (const auto& row : rows) out += line(row);
  return out;
}

std::string TextGrid::markdown() const {
  std::string out = fmt::format("| {} |\n|---|", fmt::join(head, " | "));
  for (std::size_t i = 1; i < head.size(); ++i) out += "---:|";
  for (const auto& row : rows) out += fmt::format("\n| {} |", fmt::join(row, " | "));
  return out + "\n";
}

}  // namespace experiments
