#include "experiments/training/task_score.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstddef>

namespace task_score_test {

using namespace experiments::training;

namespace {

/// Says of every number that the next one follows, and of no other that it is likelier than the
/// rest.
struct Counting : nn::Model {
  nn::Index vocabulary() const override { return 10; }
  nn::Index context() const override { return 2; }
  void visit(const std::string&, const Visitor&) override {}
  nn::Var logits(const nn::Pass& pass, const nn::Tokens& tokens,
                 std::span<const int> positions) override {
    nn::Tensor logits({static_cast<nn::Index>(positions.size()), 10});
    logits.m.setZero();
    for (std::size_t i = 0; i < positions.size(); ++i)
      logits.m(static_cast<nn::Index>(i), tokens.ids[static_cast<std::size_t>(positions[i])] + 1) =
          2;
    return pass.tape.constant(logits);
  }
};

const double nll_of_other = std::log(9 + std::exp(2.0)), nll_of_next = nll_of_other - 2;

/// "s s+1 s+2", two targets; every third ends otherwise.
std::vector<data::Example> counted(int count) {
  std::vector<data::Example> examples;
  for (int i = 0; i < count; ++i) {
    const int s = i % 7;
    examples.push_back({{s, s + 1, i % 3 == 0 ? s : s + 2}, 1, 2, 0});
  }
  return examples;
}

struct Sums {
  double right = 0, nll = 0;
};

Sums sums(const std::vector<Answer>& answers) {
  Sums total;
  for (const Answer& answer : answers) total.right += answer.is_right, total.nll += answer.nll;
  return total;
}

}  // namespace

TEST_CASE("a score is what the answers to the examples add up to") {
  Counting model;
  const auto examples = counted(600);  // more than one batch, and the last one smaller
  std::vector<Answer> answers;
  const auto collect = [&](const Answer& answer) { answers.push_back(answer); };
  const TaskScore score = score_task(model, examples, collect);
  REQUIRE(answers.size() == examples.size());
  for (std::size_t i = 0; i < answers.size(); ++i) {
    const int s = static_cast<int>(i) % 7;
    const bool right = i % 3 != 0;
    CHECK(answers[i].tokens == std::vector{s + 1, s + 2});
    CHECK(answers[i].is_right == right);
    CHECK(std::abs(answers[i].nll - (nll_of_next + (right ? nll_of_next : nll_of_other)) / 2) <
          1e-6);
  }
  const Sums total = sums(answers);
  CHECK(score.value == total.right / 600);
  CHECK(score.value == 400.0 / 600);
  CHECK(std::abs(score.nll - total.nll / 600) < 1e-12);
  CHECK(score.metric == "exact_match");

  // Whether anybody hears the answers changes nothing.
  CHECK(score_task(model, examples).value == score.value);
  CHECK(score_task(model, examples).nll == score.nll);

  // Control: one answer that is not the model's shows in both sums.
  answers[1] = {.tokens = {2, 1}, .is_right = false, .nll = answers[0].nll};
  const Sums other = sums(answers);
  CHECK(score.value != other.right / 600);
  CHECK(std::abs(score.nll - other.nll / 600) > 1e-4);
}

TEST_CASE("an answer's words are those that are likeliest after the right ones") {
  Counting model;
  std::vector<Answer> answers;
  score_task(model, std::vector<data::Example>{{{3, 8, 1}, 1, 2, 0}},
             [&](const Answer& answer) { answers.push_back(answer); });
  REQUIRE(answers.size() == 1);
  CHECK(answers[0].tokens == std::vector{4, 9});  // not 4 5, which it would say by itself
  CHECK(!answers[0].is_right);
}

}  // namespace task_score_test
