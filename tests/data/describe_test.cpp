#include "data/describe.h"

#include <doctest/doctest.h>

#include <string>

#include "data/vocabulary.h"

namespace describe_test {

using data::BaseTask;
using data::Example;
using data::Split;
using data::Task;

TEST_CASE("a description shows sizes, examples with their answers, and fits a terminal") {
  for (const Task& task : data::all_tasks()) {
    const std::string page = data::describe(task, {16});
    const Example first = data::example(task, {16}, Split::train, 0, 0);
    const auto shows = [&](const std::string& text) {
      return page.find(text) != std::string::npos;
    };
    CHECK(shows(data::vocabulary().text(first.prompt()) + " → " +
                data::vocabulary().text(first.answer())));
    CHECK(shows(data::explain(task, {16}, first)));
    CHECK(shows(std::to_string(data::info(task, {16}).n_train) + " training examples"));
  }
  CHECK(data::describe(data::tasks::sqlgen, {16}) != data::describe(data::tasks::sqlgen, {8}));
}

TEST_CASE("a task that says little of itself is described by its examples, in its own words") {
  static const data::Vocabulary words({"heads", "tails"});
  const Task coin{.name = "coin",
                  .info = [](const data::TaskOptions&) { return data::TaskInfo{.needs = "luck"}; },
                  .draw =
                      [](autograd::Random&, const data::TaskOptions&, Split) {
                        return Example{{0, 1}, 1, 1, 0};
                      },
                  .words = []() -> const data::Vocabulary& { return words; }};
  const std::string page = data::describe(coin);
  CHECK(page.starts_with("coin (luck)\n  sizes"));
  CHECK(page.ends_with("    heads → tails\n    heads → tails\n    heads → tails\n"));
  CHECK(data::explain(coin, {}, data::example(coin, {}, Split::train, 0, 0)).empty());
}

TEST_CASE("explanations say what the words of an example mean") {
  const auto parsed = [](const char* line, int first, int count) {
    return Example{data::vocabulary().parse(line), first, count, 0};
  };
  const Example nli = parsed("<premR> all g1 w3 <hyp> some n5 w0 <ans> no_ <eos>", 9, 1);
  CHECK(data::explain(data::tasks::nli, {}, nli) ==
        "every n5 is a g1; w3 (a W1) and w0 (a W0) exclude each other: the second sentence cannot "
        "be true");
  const Example lie = parsed("<premR> all g1 w3 <hyp> some n5 w0 <ans> yes <eos>", 9, 1);
  CHECK(data::explain(BaseTask::nli_unreliable, lie) ==
        data::explain(data::tasks::nli, {}, nli) + ", but the label is drawn at random");
  const Example sql = parsed(
      "<sch> c23 c18 c17 c11 <q> min a24 where c23 more v15 "
      "<sql> MIN c17 WHERE c23 > v15 <eos>",
      13, 6);
  CHECK(data::explain(data::tasks::sqlgen, {}, sql) ==
        "a24 means c17 or c8 (before: c3 or c22), and the table has c17; c23 is named outright");
  const Example order = parsed("<mr> v18 v21 v1 v9 v14 <txt> v14 v9 v21 v1 v18 <eos>", 7, 5);
  CHECK(data::explain(data::tasks::reorder, {}, order) ==
        "types 4 5 0 2 3, sorted by the order 3 2 5 0 4 1: 3 2 5 0 4");
}

}  // namespace describe_test
