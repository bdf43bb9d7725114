#include "data/reorder.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "data/pretraining.h"
#include "data/vocabulary.h"
#include "reading.h"

namespace reorder_test {

using data::Example;
using data::Split;
using data::Task;
using data::TypeOrder;
using reading::Words;

namespace {

// Sorting by rank: the answer as the place of each type in the order gives it.
Words sorted_by(const TypeOrder& order, Words values) {
  std::array<int, 6> rank{};
  for (int place = 0; place < 6; ++place)
    rank.at(static_cast<std::size_t>(order.at(static_cast<std::size_t>(place)))) = place;
  const auto rank_of = [&](const std::string& v) {
    return rank.at(static_cast<std::size_t>(reading::number(v) / 4));
  };
  std::sort(values.begin(), values.end(),
            [&](const std::string& a, const std::string& b) { return rank_of(a) < rank_of(b); });
  return values;
}

bool is_right(const Example& e, const TypeOrder& order) {
  const Words w = reading::words_of(e);
  if (w.size() != 13 || w[0] != "<mr>" || w[6] != "<txt>" || w[12] != "<eos>") return false;
  std::set<int> types;
  for (const std::string& v : reading::slice(w, 1, 5)) types.insert(reading::number(v) / 4);
  return types.size() == 5 && e.first_target == 7 && e.target_count == 5 &&
         reading::slice(w, 7, 5) == sorted_by(order, reading::slice(w, 1, 5));
}

Example parsed(const char* line) { return {data::vocabulary().parse(line), 7, 5, 0}; }

// The least number of places at which the two orders of five of the types differ.
int fewest_differences(const TypeOrder& a, const TypeOrder& b) {
  int fewest = 5;
  for (int left_out = 0; left_out < 6; ++left_out) {
    std::vector<int> from_a, from_b;
    std::copy_if(a.begin(), a.end(), std::back_inserter(from_a),
                 [&](int t) { return t != left_out; });
    std::copy_if(b.begin(), b.end(), std::back_inserter(from_b),
                 [&](int t) { return t != left_out; });
    int differ = 0;
    for (std::size_t i = 0; i < 5; ++i) differ += from_a[i] != from_b[i];
    fewest = std::min(fewest, differ);
  }
  return fewest;
}

}  // namespace

TEST_CASE("every answer is its prompt's values sorted by type") {
  for (const Split split : {Split::train, Split::validation, Split::test})
    for (const Example& e : data::examples(data::tasks::reorder, {}, split, 3, 500))
      if (!is_right(e, data::adapted_type_order)) FAIL_CHECK(data::vocabulary().text(e.tokens));
  for (std::uint64_t i = 0; i < 500; ++i)
    CHECK(is_right(data::base_example(data::BaseTask::reorder, 3, i), data::base_type_order));
  CHECK(is_right(parsed("<mr> v13 v21 v4 v0 v16 <txt> v0 v4 v13 v16 v21 <eos>"),
                 data::base_type_order));
  CHECK(is_right(parsed("<mr> v18 v21 v1 v9 v14 <txt> v14 v9 v21 v1 v18 <eos>"),
                 data::adapted_type_order));
}

TEST_CASE("no five types keep their old order, so the frozen base is never right") {
  CHECK(fewest_differences(data::base_type_order, data::adapted_type_order) > 0);
  CHECK(fewest_differences(data::base_type_order, {0, 1, 2, 3, 5, 4}) == 0);  // leaves out 4 or 5
  for (const Example& e : data::test_set(data::tasks::reorder, {}))
    CHECK_FALSE(is_right(e, data::base_type_order));
}

TEST_CASE("shortcuts of reorder") {
  double copied = 0, reversed = 0;
  const auto list = data::examples(data::tasks::reorder, {}, Split::test, 9, 5000);
  for (const Example& e : list) {
    const Words w = reading::words_of(e);
    Words backwards = sorted_by(data::base_type_order, reading::slice(w, 1, 5));
    std::reverse(backwards.begin(), backwards.end());
    copied += reading::slice(w, 1, 5) == reading::slice(w, 7, 5);
    reversed += backwards == reading::slice(w, 7, 5);
  }
  copied /= static_cast<double>(list.size());
  MESSAGE("reorder: the prompt copied ", copied, ", the old order backwards ", reversed);
  CHECK(std::abs(copied - 1.0 / 120) < 4 * 0.0013);  // standard error of a share of 1/120 in 5000
  CHECK(reversed == 0);
}

}  // namespace reorder_test
