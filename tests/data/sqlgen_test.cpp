#include "data/sqlgen.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <stdexcept>

#include "data/pretraining.h"
#include "data/vocabulary.h"
#include "reading.h"

namespace sqlgen_test {

using data::AliasTable;
using data::Example;
using data::Split;
using data::Task;
using reading::number;
using reading::Words;

namespace {

const std::map<std::string, std::string> sql_of = {
    {"max", "MAX"},     {"min", "MIN"},    {"avg", "AVG"},  {"sum", "SUM"},
    {"count", "COUNT"}, {"is", "="},       {"isnot", "!="}, {"more", ">"},
    {"less", "<"},      {"atleast", ">="}, {"atmost", "<="}};

// The columns of the schema that a mention can stand for, by trying all.
Words candidates(const std::string& mention, const Words& schema, const AliasTable& table) {
  Words found;
  for (const std::string& column : schema) {
    const bool named = mention == column;
    const bool alias = mention[0] == 'a';
    const auto readings =
        alias ? table.at(static_cast<std::size_t>(number(mention))) : data::Readings{-1, -1};
    if (named || readings[0] == number(column) || readings[1] == number(column))
      found.push_back(column);
  }
  return found;
}

// The example as it should be, from its question alone; "" when a mention is ambiguous.
std::string solved(const Words& w, const AliasTable& table) {
  const Words schema = reading::slice(w, 1, 4);
  const Words c1 = candidates(w[7], schema, table), c2 = candidates(w[9], schema, table);
  if (c1.size() != 1 || c2.size() != 1) return "";
  return reading::joined({sql_of.at(w[6]), c1[0], "WHERE", c2[0], sql_of.at(w[10]), w[11]});
}

bool is_right(const Example& e, const AliasTable& table) {
  const Words w = reading::words_of(e);
  return w.size() == 20 && w[0] == "<sch>" && w[5] == "<q>" && w[8] == "where" &&
         w[12] == "<sql>" && w[19] == "<eos>" && e.first_target == 13 && e.target_count == 6 &&
         w[7] != w[9] && reading::joined(reading::slice(w, 13, 6)) == solved(w, table);
}

Example parsed(const char* line) { return {data::vocabulary().parse(line), 13, 6, 0}; }

}  // namespace

TEST_CASE("aliases: two readings each, evenly used, and the new ones avoid the old") {
  const auto uses_differ_by_at_most_one = [](const AliasTable& table,
                                             std::span<const int> aliases) {
    std::array<int, 24> used{};
    for (const int a : aliases)
      for (const int c : table.at(static_cast<std::size_t>(a)))
        ++used.at(static_cast<std::size_t>(c));
    return *std::max_element(used.begin(), used.end()) -
           *std::min_element(used.begin(), used.end());
  };
  const AliasTable& old = data::base_aliases();
  const std::array<int, 32>& order = data::remap_order();
  CHECK(uses_differ_by_at_most_one(old, order) == 1);
  auto sorted = order;
  std::sort(sorted.begin(), sorted.end());
  for (int i = 0; i < 32; ++i) CHECK(sorted.at(static_cast<std::size_t>(i)) == i);

  for (const int facts : {2, 4, 8, 16, 24, 32}) {
    CAPTURE(facts);
    const AliasTable now = data::adapted_aliases(facts);
    // Avoiding old readings can force a second use of a column before each has had one.
    CHECK(uses_differ_by_at_most_one(now,
                                     std::span(order).first(static_cast<std::size_t>(facts))) <= 2);
    int changed = 0;
    for (std::size_t a = 0; a < 32; ++a) {
      CHECK(now.at(a)[0] != now.at(a)[1]);
      if (now.at(a) == old.at(a)) continue;
      ++changed;
      CHECK(std::find(order.begin(), order.begin() + facts, static_cast<int>(a)) !=
            order.begin() + facts);
      for (const int c : now.at(a)) CHECK(std::count(old.at(a).begin(), old.at(a).end(), c) == 0);
    }
    CHECK(changed == facts);
  }
  for (const int facts : {-1, 0, 1, 33})
    CHECK_THROWS_WITH_AS(data::adapted_aliases(facts),
                         doctest::Contains(std::to_string(facts).c_str()), std::invalid_argument);
}

TEST_CASE("every answer follows from its question and the meanings that hold") {
  for (const int facts : {2, 4, 24, 32}) {
    const AliasTable table = data::adapted_aliases(facts);
    for (const Split split : {Split::train, Split::validation, Split::test})
      for (const Example& e : data::examples(data::tasks::sqlgen, {facts}, split, 3, 300))
        if (!is_right(e, table)) FAIL_CHECK(data::vocabulary().text(e.tokens));
  }
  for (std::uint64_t i = 0; i < 500; ++i)
    CHECK(is_right(data::base_example(data::BaseTask::sqlgen, 3, i), data::base_aliases()));
}

TEST_CASE("the reader that checks answers notices wrong ones") {
  const AliasTable table = data::adapted_aliases(24);
  const Example good = data::example(data::tasks::sqlgen, {}, Split::test, 0, 0);
  REQUIRE(is_right(good, table));
  for (const std::size_t position : {14, 15, 16, 17, 18}) {
    Example bad = good;
    bad.tokens[position] = bad.tokens[position] + 1;
    CHECK_FALSE(is_right(bad, table));
  }
  int right_by_old_meanings = 0;
  for (const Example& e : data::test_set(data::tasks::sqlgen, {}))
    right_by_old_meanings += is_right(e, data::base_aliases());
  CHECK(right_by_old_meanings < 80);
}

TEST_CASE("the examples of the header are as the code has them") {
  CHECK(is_right(parsed("<sch> c19 c5 c6 c18 <q> avg a28 where c18 isnot v11 "
                        "<sql> AVG c6 WHERE c18 != v11 <eos>"),
                 data::base_aliases()));
  CHECK(is_right(parsed("<sch> c23 c18 c17 c11 <q> min a24 where a23 more v15 "
                        "<sql> MIN c17 WHERE c23 > v15 <eos>"),
                 data::adapted_aliases(24)));
  CHECK(data::base_aliases()[28] == data::Readings{20, 6});
  CHECK(data::base_aliases()[24] == data::Readings{3, 22});
  CHECK(data::base_aliases()[23] == data::Readings{15, 20});
  CHECK(data::adapted_aliases(24)[24] == data::Readings{17, 8});
  CHECK(data::adapted_aliases(24)[23] == data::Readings{4, 23});
}

TEST_CASE(
    "prompts mention remapped aliases four times in five, aliases in pre-training every other "
    "time") {
  const auto share_of_aliases = [](const std::vector<Example>& list) {
    double aliases = 0;
    for (const Example& e : list)
      for (const std::size_t m : {7, 9}) aliases += data::word::aliases.contains(e.tokens[m]);
    return aliases / static_cast<double>(2 * list.size());
  };
  const double error = 4 * 0.5 / std::sqrt(2.0 * 2000);  // at most 4 standard errors
  for (const int facts : {2, 24}) {
    const auto list = data::examples(data::tasks::sqlgen, {facts}, Split::train, 5, 2000);
    CHECK(std::abs(share_of_aliases(list) - 0.8) < error);
    const auto changed = std::span(data::remap_order()).first(static_cast<std::size_t>(facts));
    for (const Example& e : list)
      for (const std::size_t m : {7, 9})
        if (data::word::aliases.contains(e.tokens[m]))
          CHECK(std::find(changed.begin(), changed.end(), data::word::aliases.index(e.tokens[m])) !=
                changed.end());
  }
  std::vector<Example> base;
  for (std::uint64_t i = 0; i < 2000; ++i)
    base.push_back(data::base_example(data::BaseTask::sqlgen, 5, i));
  CHECK(std::abs(share_of_aliases(base) - 0.5) < error);
}

TEST_CASE("shortcuts of sqlgen") {
  const auto list = data::examples(data::tasks::sqlgen, {}, Split::test, 9, 5000);
  double by_old_meanings = 0, by_chance = 0;
  for (const Example& e : list) {
    const Words w = reading::words_of(e);
    const int aliases = (w[7][0] == 'a') + (w[9][0] == 'a');
    by_old_meanings += solved(w, data::base_aliases()) == reading::joined(reading::slice(w, 13, 6));
    by_chance += aliases == 2   ? 1.0 / 12
                 : aliases == 1 ? 1.0 / 3
                                : 1.0;  // columns not named otherwise
  }
  by_old_meanings /= static_cast<double>(list.size());
  by_chance /= static_cast<double>(list.size());
  MESSAGE("sqlgen: old meanings ", by_old_meanings, ", random columns of the schema ", by_chance);
  CHECK(std::abs(by_old_meanings - 0.04) < 0.012);  // 4 standard errors of 0.0028
  CHECK(std::abs(by_chance - (0.64 / 12 + 0.32 / 3 + 0.04)) < 0.015);
}

}  // namespace sqlgen_test
