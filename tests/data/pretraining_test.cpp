#include "data/pretraining.h"

#include <doctest/doctest.h>

#include <cmath>
#include <map>

namespace pretraining_test {

using data::BaseTask;
using data::Batch;

TEST_CASE("a step trains one task, drawn with its share") {
  const std::uint64_t steps = 20000;
  std::map<BaseTask, double> share;
  for (std::uint64_t step = 0; step < steps; ++step)
    share[data::pretraining_task(7, step)] += 1.0 / static_cast<double>(steps);
  const std::map<BaseTask, double> wanted = {{BaseTask::sqlgen, 0.20},
                                             {BaseTask::nli, 0.495},
                                             {BaseTask::nli_unreliable, 0.055},
                                             {BaseTask::isa, 0.10},
                                             {BaseTask::reorder, 0.15}};
  for (const auto& [task, p] : wanted) {
    CAPTURE(data::to_string(task));
    CHECK(std::abs(share[task] - p) < 4 * std::sqrt(p * (1 - p) / static_cast<double>(steps)));
  }
}

TEST_CASE("a batch holds its rows, all of the task of its step") {
  const std::map<BaseTask, int> length = {{BaseTask::sqlgen, 18},
                                          {BaseTask::nli, 9},
                                          {BaseTask::nli_unreliable, 9},
                                          {BaseTask::isa, 4},
                                          {BaseTask::reorder, 11}};
  std::map<BaseTask, int> seen;
  for (std::uint64_t step = 0; step < 60; ++step) {
    const Batch batch = data::pretraining_batch(1, step, 3);
    const BaseTask task = data::pretraining_task(1, step);
    ++seen[task];
    CHECK(batch.length == length.at(task));
    for (int row = 0; row < 3; ++row) {
      const data::Example e = data::pretraining_example(1, step, row);
      CHECK(std::equal(batch.ids.begin() + row * batch.length,
                       batch.ids.begin() + (row + 1) * batch.length, e.tokens.begin()));
    }
  }
  CHECK(seen.size() == 5);  // every task occurs, so every length was compared
}

TEST_CASE("a base of one task takes its batches from the same streams, and its name is read") {
  for (std::uint64_t step = 0; step < 20; ++step) {
    const BaseTask drawn = data::pretraining_task(1, step);
    const auto ids_of = [&](BaseTask task) {
      return data::pretraining_batch(task, 1, step, 3).ids;
    };
    CHECK(ids_of(drawn) == data::pretraining_batch(1, step, 3).ids);
    const BaseTask other = drawn == BaseTask::isa ? BaseTask::nli : BaseTask::isa;
    CHECK(ids_of(other) != ids_of(drawn));
    CHECK(data::parse_base_task(to_string(drawn)) == drawn);
  }
  CHECK_THROWS_WITH_AS(
      data::parse_base_task("isnt"),
      "unknown base task 'isnt'; valid are sqlgen, nli, nli_unreliable, isa, reorder",
      std::invalid_argument);
}

TEST_CASE("rows, steps and seeds are fresh") {
  const auto tokens = [](std::uint64_t seed, std::uint64_t step, int row) {
    return data::pretraining_example(seed, step, row).tokens;
  };
  CHECK(tokens(1, 5, 0) == tokens(1, 5, 0));
  CHECK(tokens(1, 5, 0) != tokens(1, 5, 1));
  CHECK(tokens(1, 5, 0) != tokens(1, 6, 0));
  CHECK(tokens(1, 5, 0) != tokens(2, 5, 0));
  CHECK(data::base_example(BaseTask::nli, 1, 0).tokens !=
        data::base_example(BaseTask::nli, 1, 1).tokens);
}

}  // namespace pretraining_test
