#include "data/batch.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "data/pretraining.h"
#include "data/tasks.h"
#include "data/vocabulary.h"

namespace batch_test {

using data::Batch;
using data::Example;
using data::Split;
using data::Task;

namespace {

// The words that count, read off a batch: the targets of row b with weight 1.
std::vector<int> counted(const Batch& batch, int b) {
  std::vector<int> tokens;
  for (int t = 0; t < batch.length; ++t) {
    const auto at = static_cast<std::size_t>(b * batch.length + t);
    if (batch.weights[at] == 1.0f)
      tokens.push_back(batch.targets[at]);
    else
      CHECK(batch.weights[at] == 0.0f);
  }
  return tokens;
}

}  // namespace

TEST_CASE("a batch lines inputs up with next tokens and counts exactly the answers") {
  const std::pair<Task, int> lengths[] = {
      {data::tasks::sqlgen, 18}, {data::tasks::nli, 9}, {data::tasks::reorder, 11}};
  for (const auto& [task, length] : lengths) {
    const std::vector<Example> list = data::examples(task, {}, Split::train, 1, 7);
    const Batch batch = data::make_batch(list);
    CHECK(batch.batch_size == 7);
    CHECK(batch.length == length);
    CHECK(batch.ids.size() == static_cast<std::size_t>(7 * length));
    CHECK(batch.targets.size() == batch.ids.size());
    CHECK(batch.weights.size() == batch.ids.size());
    for (int b = 0; b < 7; ++b) {
      const Example& e = list[static_cast<std::size_t>(b)];
      CHECK(counted(batch, b) == std::vector<int>(e.answer().begin(), e.answer().end()));
      for (int t = 0; t < length; ++t) {
        const auto at = static_cast<std::size_t>(b * length + t);
        CHECK(batch.ids[at] == e.tokens[static_cast<std::size_t>(t)]);
        CHECK(batch.targets[at] == e.tokens[static_cast<std::size_t>(t) + 1]);
      }
      CHECK(batch.weights[static_cast<std::size_t>((b + 1) * length - 1)] ==
            1.0f);  // nothing idle behind
      CHECK(batch.ids[static_cast<std::size_t>(b * length + e.first_target - 1)] ==
            e.prompt().back());
    }
  }
}

TEST_CASE("a batch that cannot be made says why") {
  const Example sql = data::example(data::tasks::sqlgen, {}, Split::train, 1, 0);
  const Example nli = data::example(data::tasks::nli, {}, Split::train, 1, 0);
  CHECK_THROWS_AS(data::make_batch({}), std::invalid_argument);
  CHECK_THROWS_WITH_AS(data::make_batch(std::vector{sql, nli}),
                       "a batch of examples of 20 and of 11 tokens", std::invalid_argument);
  Example wrong = nli;
  wrong.target_count = 3;
  CHECK_THROWS_WITH_AS(data::make_batch(std::vector{wrong}),
                       "targets 9 to 11 in an example of 11 tokens", std::invalid_argument);
  wrong = nli;
  wrong.first_target = 0;
  CHECK_THROWS_AS(data::make_batch(std::vector{wrong}), std::invalid_argument);
}

}  // namespace batch_test
