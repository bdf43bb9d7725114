#pragma once

#include <string>
#include <vector>

#include "experiments/namespaces.h"

namespace experiments::evidence {

/// A table of texts, the first row its head. All rows have the length of the head.
using PlainTable = std::vector<std::vector<std::string>>;

/// For a terminal of so many columns: the first column to the left, the others to the right. What
/// does not fit follows below, again with the first column. Widths count characters.
std::string console_table(const PlainTable& table, std::size_t columns = 100);

/// For GitHub; what would end a cell or begin an emphasis is escaped.
std::string markdown_table(const PlainTable& table);

}  // namespace experiments::evidence
