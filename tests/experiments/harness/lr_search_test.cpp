#include "experiments/harness/lr_search.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>
#include <stdexcept>

namespace lr_search_test {

using namespace experiments::harness;
using Edge = LrChoice::Edge;

namespace {

const double not_a_number = std::numeric_limits<double>::quiet_NaN();

/// A grid from 0.01 up with these mean scores and a spread of one point over three seeds.
std::vector<LrScores> curve(const std::vector<double>& means) {
  const std::vector<double> rates = lr_grid(0.01, static_cast<int>(means.size()));
  std::vector<LrScores> grid;
  for (std::size_t i = 0; i < means.size(); ++i) {
    grid.push_back({rates[i], {means[i] - 1, means[i], means[i] + 1}});
  }
  return grid;
}

LearningRates example() {
  LearningRates rates{
      .command = "lowrank table6 --preset full", .seeds = {101, 102, 103}, .searches = {}};
  rates.searches.push_back({"nli", "lora", {"q", "v"}, curve({60, 90, 20}), {}});
  rates.searches.push_back({"nli", "full", {}, curve({60, 90, 85}), {}});
  rates.searches[1].grid[2].scores[0] = not_a_number;
  for (LrSearch& search : rates.searches) search.choice = choose_lr(search.grid);
  return rates;
}

}  // namespace

TEST_CASE("the grid doubles") {
  CHECK(lr_grid(0.01, 4) == std::vector<double>{0.01, 0.02, 0.04, 0.08});
  CHECK_THROWS_AS(lr_grid(0, 4), std::invalid_argument);
  CHECK_THROWS_AS(lr_grid(not_a_number, 4), std::invalid_argument);
  CHECK_THROWS_AS(lr_grid(0.01, 0), std::invalid_argument);
}

TEST_CASE("a smooth optimum inside the grid is taken") {
  const LrChoice choice = choose_lr(curve({50, 70, 80, 75, 40}));
  CHECK(choice.lr == 0.04);
  CHECK(choice.best == 0.04);
  CHECK(choice.edge == Edge::inside);
  CHECK(choice.reason == "best mean 80.0 at 0.04");
}

TEST_CASE("a cliff next to the best: the best is one step below it") {
  const LrChoice choice = choose_lr(curve({50, 70, 80, 5, 0}));
  CHECK(choice.best == 0.04);
  CHECK(choice.lr == 0.04);
  CHECK(choice.reason == "best mean 80.0 at 0.04, collapse at 0.08 (mean 5.0, worst seed 4.0)");
}

TEST_CASE("one failed seed of the best itself is a collapse that its mean hides") {
  auto grid = curve({50, 70, 0, 0});
  grid[2].scores = {88, 87, 42};
  const LrChoice choice = choose_lr(grid);
  CHECK(choice.best == 0.04);
  CHECK(choice.lr == 0.02);
  CHECK(choice.reason ==
        "best mean 72.3 at 0.04, collapse at 0.04 (mean 72.3, worst seed 42.0), so one step below "
        "it: mean 70.0 at 0.02");
  grid[2].scores = {88, 87, 63};  // worst 16.3 below the mean of 79.3: within 25 points
  CHECK(choose_lr(grid).lr == 0.04);
}

TEST_CASE("a rate at which a run did not end cannot be the best") {
  auto grid = curve({50, 80, 79, 90});
  grid[3].scores[1] = not_a_number;
  CHECK(choose_lr(grid).lr == 0.02);
  grid[1].scores[0] = not_a_number;
  CHECK(choose_lr(grid).lr == 0.04);
  for (LrScores& point : grid) point.scores[2] = not_a_number;
  CHECK_THROWS_AS(choose_lr(grid), std::invalid_argument);
}

TEST_CASE("a flat curve takes the lowest of equals; noise alone is no collapse") {
  const LrChoice flat = choose_lr(curve({70, 70, 70, 70}));
  CHECK(flat.lr == 0.01);
  CHECK(flat.edge == Edge::lowest);
  CHECK(choose_lr(curve({70, 71, 70.5, 70})).lr == 0.02);
}

TEST_CASE("the best at an edge of the grid is reported") {
  const LrChoice rising = choose_lr(curve({50, 60, 70, 80}));
  CHECK(rising.lr == 0.08);
  CHECK(rising.edge == Edge::highest);
  CHECK(rising.reason == "best mean 80.0 at 0.08; at the upper edge of the grid");
  const LrChoice falling = choose_lr(curve({80, 75, 70}));
  CHECK(falling.lr == 0.01);
  CHECK(falling.edge == Edge::lowest);
  const LrChoice stuck = choose_lr({{0.01, {88, 87, 42}}, {0.02, {5, 4, 3}}});
  CHECK(stuck.lr == 0.01);
  CHECK(stuck.reason.find("the grid has nothing below it; at the lower edge") != std::string::npos);
}

TEST_CASE("a search without enough seeds, or with rates out of order, is refused") {
  CHECK_THROWS_AS(choose_lr({}), std::invalid_argument);
  CHECK_THROWS_WITH_AS(choose_lr({{0.01, {1, 2}}}),
                       "learning rate 0.01 has 2 seeds, at least 3 are needed",
                       std::invalid_argument);
  CHECK_THROWS_AS(choose_lr({{0.01, {1, 2, 3}}, {0.02, {1, 2, 3, 4}}}), std::invalid_argument);
  CHECK_THROWS_AS(choose_lr({{0.02, {1, 2, 3}}, {0.01, {1, 2, 3}}}), std::invalid_argument);
  CHECK_THROWS_AS(choose_lr({{0, {1, 2, 3}}}), std::invalid_argument);
}

TEST_CASE("a record of searches survives its JSON and is found by method and weight set") {
  const std::string json = to_json(example());
  const LearningRates back = learning_rates_from_json(nlohmann::ordered_json::parse(json));
  CHECK(to_json(back) == json);
  CHECK(std::count(json.begin(), json.end(), '\n') == 5);  // a search on a line
  CHECK(back.command == "lowrank table6 --preset full");
  CHECK(back.find("nli", "lora", {"v", "q"}).choice.lr == 0.02);
  CHECK(back.find("nli", "full", {}).choice.lr == 0.02);
  CHECK_THROWS_WITH_AS(
      back.find("nli", "lora", {"q"}),
      "no recorded learning rate for nli lora q; there are: nli lora q,v; nli full",
      std::invalid_argument);
}

TEST_CASE("a record that does not follow the rule, or is none, is refused") {
  auto json = nlohmann::ordered_json::parse(to_json(example()));
  json["searches"][0]["lr"] = 0.01;
  CHECK_THROWS_WITH_AS(learning_rates_from_json(json),
                       "recorded learning rate of nli lora q,v is 0.01, but the rule makes 0.02 of "
                       "its scores",
                       std::invalid_argument);
  for (const char* text : {"3", "{}", R"({"command": 1})"}) {
    CHECK_THROWS_AS(learning_rates_from_json(nlohmann::ordered_json::parse(text)),
                    std::invalid_argument);
  }
}

TEST_CASE("the record built into the program follows the rule and names its command") {
  const LearningRates rates = recorded_learning_rates();
  CHECK((rates.searches.empty() || !rates.command.empty()));
  for (const LrSearch& search : rates.searches) CHECK(search.grid.size() >= 3);
}

}  // namespace lr_search_test
