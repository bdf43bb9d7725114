#include "data/readers/sql.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/readers/lines.h"

namespace data::readers {
namespace {

std::string quoted_value(std::string_view value) {
  std::string text = "'";
  for (const char c : value) text += c == '\'' ? "''" : std::string(1, c);
  return text + "'";
}

/// What is left of a text that is read from its start.
class Rest {
 public:
  explicit Rest(std::string_view text) : text_(text) {}

  bool empty() const { return text_.empty(); }
  bool starts_with(std::string_view word) const { return text_.starts_with(word); }

  /// Takes the word, if the text begins with it.
  bool take(std::string_view word) {
    if (!starts_with(word)) return false;
    text_.remove_prefix(word.size());
    return true;
  }

  /// Takes the longest column behind which `fits`.
  template <class Fits>
  std::optional<std::size_t> take_column(const Columns& columns, Fits fits) {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < columns.size(); ++i) {
      Rest behind = *this;
      if (behind.take(columns[i]) && fits(behind) &&
          (!best || columns[i].size() > columns[*best].size()))
        best = i;
    }
    if (best) take(columns[*best]);
    return best;
  }

  /// Takes a string in quotes or a number.
  bool take_value(Condition& condition) { return take_string(condition) || take_number(condition); }

 private:
  bool take_string(Condition& condition) {
    if (!text_.starts_with('\'')) return false;
    condition.is_number = false;
    condition.value.clear();
    for (std::size_t i = 1; i < text_.size(); ++i) {
      if (text_[i] == '\'') {
        if (i + 1 == text_.size() || text_[i + 1] != '\'') {
          text_.remove_prefix(i + 1);
          return true;
        }
        ++i;  // a quote written twice
      }
      condition.value += text_[i];
    }
    return false;  // it does not end
  }

  // -12.5e+20, of which only the whole part is needed.
  bool take_number(Condition& condition) {
    Rest behind = *this;
    behind.take("-");
    if (!behind.take_digits() || (behind.take(".") && !behind.take_digits())) return false;
    if (behind.take("e")) {
      if (!behind.take("-")) behind.take("+");
      if (!behind.take_digits()) return false;
    }
    condition.is_number = true;
    condition.value = text_.substr(0, text_.size() - behind.text_.size());
    *this = behind;
    return true;
  }

  bool take_digits() {
    const std::size_t digits = std::min(text_.find_first_not_of("0123456789"), text_.size());
    text_.remove_prefix(digits);
    return digits > 0;
  }

  std::string_view text_;
};

std::optional<std::size_t> take_comparison(Rest& rest) {
  for (std::size_t i = 0; i < comparisons.size(); ++i)
    if (rest.take(fmt::format(" {} ", comparisons[i]))) return i;
  return {};
}

bool take_condition(Rest& rest, const Columns& columns, Condition& condition) {
  const auto column =
      rest.take_column(columns, [](Rest behind) { return take_comparison(behind).has_value(); });
  if (!column) return false;
  condition.column = *column;
  condition.comparison = *take_comparison(rest);
  return rest.take_value(condition);
}

}  // namespace

std::string sql_text(const Query& query, const Columns& columns) {
  std::string text = "SELECT ";
  if (query.aggregate > 0) text += fmt::format("{} ", aggregates.at(query.aggregate));
  text += fmt::format("{} FROM table", columns.at(query.column));
  const char* before = " WHERE ";
  for (const Condition& condition : query.conditions) {
    text += fmt::format("{}{} {} {}", before, columns.at(condition.column),
                        comparisons.at(condition.comparison),
                        condition.is_number ? condition.value : quoted_value(condition.value));
    before = " AND ";
  }
  return text;
}

std::optional<Query> parse_sql(std::string_view text, const Columns& columns) {
  Rest rest(trimmed(text));
  const auto is_whole = [](Rest behind) {
    return behind.take(" FROM table") && (behind.empty() || behind.starts_with(" WHERE "));
  };
  if (!rest.take("SELECT ")) return {};
  Query query;
  auto column = rest.take_column(columns, is_whole);
  for (std::size_t i = 1; i < aggregates.size() && !column; ++i)
    if (rest.take(fmt::format("{} ", aggregates[i]))) {
      query.aggregate = i;
      column = rest.take_column(columns, is_whole);
      break;
    }
  if (!column) return {};
  query.column = *column;
  rest.take(" FROM table");
  for (const char* before = " WHERE "; !rest.empty(); before = " AND ")
    if (!rest.take(before) || !take_condition(rest, columns, query.conditions.emplace_back()))
      return {};
  return query;
}

}  // namespace data::readers
