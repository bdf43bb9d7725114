#include "experiments/evidence/plain_table.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/evidence/text.h"

namespace experiments::evidence {

namespace {

using Columns = std::vector<std::size_t>;  // by their places in a row

std::string console_block(const PlainTable& table, const Columns& columns, const Columns& widths) {
  std::string text;
  for (const auto& row : table) {
    std::string line;
    for (const std::size_t i : columns) {
      const std::string space(widths[i] - characters(row[i]), ' ');
      line += (line.empty() ? "" : "  ") + (i == 0 ? row[i] + space : space + row[i]);
    }
    line.erase(line.find_last_not_of(' ') + 1);
    text += line + "\n";
  }
  return text;
}

}  // namespace

std::string console_table(const PlainTable& table, std::size_t columns) {
  if (table.empty()) return "";
  Columns widths(table[0].size());
  for (const auto& row : table)
    for (std::size_t i = 0; i < row.size(); ++i)
      widths[i] = std::max(widths[i], characters(row[i]));
  std::string text;
  Columns block{0};
  std::size_t width = widths[0];
  for (std::size_t i = 1; i < widths.size(); ++i) {
    if (width + 2 + widths[i] > columns && block.size() > 1) {
      text += console_block(table, block, widths) + "\n";
      block = {0};
      width = widths[0];
    }
    block.push_back(i);
    width += 2 + widths[i];
  }
  return text + console_block(table, block, widths);
}

// A bar would end the cell; a star may mark the best of a row.
static std::string escaped_marks(const std::string& cell) {
  std::string text;
  for (const char c : cell) text += (c == '|' || c == '*' ? "\\" : "") + std::string(1, c);
  return text;
}

std::string markdown_table(const PlainTable& table) {
  std::string text;
  for (std::size_t i = 0; i < table.size(); ++i) {
    std::vector<std::string> cells = table[i];
    std::transform(cells.begin(), cells.end(), cells.begin(), escaped_marks);
    text += fmt::format("| {} |\n", fmt::join(cells, " | "));
    if (i > 0) continue;
    text += "|---";
    for (std::size_t column = 1; column < table[0].size(); ++column) text += "|---:";
    text += "|\n";
  }
  return text;
}

}  // namespace experiments::evidence
