#pragma once

#include <array>
#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

// The queries of WikiSQL (Zhong et al. 2017), each of one table, and the text that we write of one:
//   SELECT [AGGREGATE ]COLUMN FROM table[ WHERE COLUMN OP VALUE[ AND COLUMN OP VALUE]...]
// A column is written as the table's header has it. A value that is a string stands in single
// quotes, and a quote within it is written twice; a number stands as Python prints it, which is what
// the release's evaluator compares. "table" is the word: a prompt speaks of one table only.

namespace data::readers {

/// Their places are the numbers of the release. OP is its word for all else and is hardly used.
inline constexpr std::array<std::string_view, 6> aggregates{"",      "MAX", "MIN",
                                                            "COUNT", "SUM", "AVG"};
inline constexpr std::array<std::string_view, 4> comparisons{"=", ">", "<", "OP"};

using Columns = std::vector<std::string>;

struct Condition {
  std::size_t column = 0;
  std::size_t comparison = 0;
  std::string value = {};  ///< without quotes
  bool is_number = false;  ///< in the file; the release compares values as text
  bool operator==(const Condition&) const = default;
};

struct Query {
  std::size_t column = 0;
  std::size_t aggregate = 0;
  std::vector<Condition> conditions = {};  ///< in the order of the file; the release compares sets
  bool operator==(const Query&) const = default;
};

/// The text of a query whose columns are within `columns`.
std::string sql_text(const Query& query, const Columns& columns);

/// The query of a text as sql_text writes it, spaces around it apart; nothing for another text. Of
/// several columns that fit, the one with the longest name is taken, and of equal names the first:
/// so a prediction is to be compared with what this function makes of the right completion.
std::optional<Query> parse_sql(std::string_view text, const Columns& columns);

}  // namespace data::readers
