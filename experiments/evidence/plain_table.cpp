#include "experiments/evidence/plain_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/evidence/text.h"

namespace experiments {

std::string console_table(const PlainTable& table) {
  std::vector<std::size_t> widths;
  for (const auto& row : table)
    for (std::size_t i = 0; i < row.size(); ++i) {
      if (i == widths.size()) widths.push_back(0);
      widths[i] = std::max(widths[i], characters(row[i]));
    }
  std::string text;
  for (const auto& row : table) {
    for (std::size_t i = 0; i < row.size(); ++i) {
      const std::string space(widths[i] - characters(row[i]), ' ');
      if (i > 0) text += "  ";
      text += i == 0 ? row[i] + space : space + row[i];
    }
    text.erase(text.find_last_not_of(' ') + 1);
    text += "\n";
  }
  return text;
}

// A bar within a cell would end it.
static std::string escaped_bars(const std::string& cell) {
  std::string text;
  for (const char c : cell) text += c == '|' ? std::string("\\|") : std::string(1, c);
  return text;
}

std::string markdown_table(const PlainTable& table) {
  std::string text;
  for (std::size_t i = 0; i < table.size(); ++i) {
    std::vector<std::string> cells = table[i];
    std::transform(cells.begin(), cells.end(), cells.begin(), escaped_bars);
    text += fmt::format("| {} |\n", fmt::join(cells, " | "));
    if (i > 0) continue;
    text += "|---";
    for (std::size_t column = 1; column < table[0].size(); ++column) text += "|---:";
    text += "|\n";
  }
  return text;
}

}  // namespace experiments
