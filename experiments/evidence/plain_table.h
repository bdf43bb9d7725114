#pragma once

#include <string>
#include <vector>

namespace experiments {

/// A table of texts, the first row its head. All rows have the length of the head.
using PlainTable = std::vector<std::vector<std::string>>;

/// For a terminal: the first column to the left, the others to the right. Widths count characters.
std::string console_table(const PlainTable& table);

/// For GitHub; a | in a cell is written \|.
std::string markdown_table(const PlainTable& table);

}  // namespace experiments
