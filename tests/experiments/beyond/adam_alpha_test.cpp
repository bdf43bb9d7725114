#include "experiments/beyond/adam_alpha.h"

#include <doctest/doctest.h>

#include <cmath>

namespace adam_alpha_test {

using namespace experiments::beyond;
using namespace experiments::beyond::adam_alpha;
using doctest::Approx;

namespace {

Cell lora_on_q_and_v(int rank, const std::string& optimizer = "adamw",
                     const std::string& scaling = "alpha/r") {
  Settings options;
  options.scaling = scaling;
  Cell cell = lora_cell(task_cell(options, data::tasks::nli, 2, 1), options, {"q", "v"}, rank);
  cell.optimizer = optimizer;
  return cell;
}

/// The laws hold for any weights.
Base untrained() {
  const BaseConfig config = base_config(2, 0);
  return {config, std::make_shared<nn::Decoder>(config.model, config.seed)};
}

}  // namespace

TEST_CASE("the exponents by which the first step grows with r") {
  const Base base = untrained();
  for (const char* optimizer : {"sgd", "adamw"}) {
    for (const char* scaling : {"alpha/r", "alpha/sqrt(r)"}) {
      CAPTURE(optimizer);
      CAPTURE(scaling);
      std::vector<std::pair<int, double>> changes;
      for (const int r : {1, 4, 16, 64}) {
        double sum = 0;  // over draws of A
        for (const std::uint64_t seed : {1, 2, 3, 4, 5, 6, 7, 8}) {
          Cell cell = lora_on_q_and_v(r, optimizer, scaling);
          cell.seed = seed;
          sum += first_step_change(base, cell, 1e-3);
        }
        changes.emplace_back(r, sum / 8);
      }
      const double expected = expected_exponent(optimizer, lora::parse_scaling(scaling));
      CHECK(std::abs(exponent(changes) - expected) < 0.15);
    }
  }
}

TEST_CASE("the change is in proportion to the rate, so the rate does not matter for the exponent") {
  const Base base = untrained();
  for (const char* optimizer : {"sgd", "adamw"}) {
    const Cell cell = lora_on_q_and_v(4, optimizer);
    CHECK(first_step_change(base, cell, 2e-3) / first_step_change(base, cell, 1e-3) ==
          Approx(2).epsilon(0.05));
  }
}

TEST_CASE("the exponent of a power law") {
  CHECK(exponent({{1, 3}, {4, 6}, {16, 12}}) == Approx(0.5));
  CHECK(exponent({{1, 3}, {4, 3}, {16, 3}}) == Approx(0));
  CHECK(expected_exponent("sgd", lora::Scaling::alpha_over_r) == -1);
  CHECK(expected_exponent("sgd", lora::Scaling::alpha_over_sqrt_r) == 0);
  CHECK(expected_exponent("adamw", lora::Scaling::alpha_over_r) == 0);
  CHECK(expected_exponent("adamw", lora::Scaling::alpha_over_sqrt_r) == 0.5);
}

TEST_CASE("alpha is traded for sizes and rates of A and B in the same bits, and only with both") {
  const Base base = untrained();
  const Cell cell = lora_on_q_and_v(4);
  CHECK(alpha_invariance(base, cell, 4, 0.5, true).same_bits);
  CHECK(alpha_invariance(base, cell, 0.125, 2, true).largest_difference == 0);
  const Invariance three = alpha_invariance(base, cell, 3, 1, true);
  CHECK_FALSE(three.same_bits);
  const Invariance control = alpha_invariance(base, cell, 4, 0.5, false);
  CHECK_FALSE(control.same_bits);
  CHECK(control.largest_difference > 0);
}

TEST_CASE("both optimizers have a grid, and its rates are its own") {
  Settings options = settings_for(adam_alpha::experiment(), Settings());
  options.base_seeds = {11};
  options.seeds = 1;
  int adam = 0, sgd = 0;
  for (const Cell& cell : adam_alpha::experiment().cells(options)) {
    CHECK_NOTHROW(check_cell(cell));
    CHECK(cell.task == "sqlgen");
    if (cell.method != "lora") continue;
    CHECK(cell.lr > 0);
    (cell.optimizer == "sgd" ? sgd : adam) += 1;
  }
  CHECK(adam == 12);
  CHECK(sgd == 12);
}

}  // namespace adam_alpha_test
