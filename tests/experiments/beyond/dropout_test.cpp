#include "experiments/beyond/dropout.h"

#include <doctest/doctest.h>

#include <set>

namespace dropout_test {

using namespace experiments::beyond;
using namespace experiments::beyond::dropout;

namespace {

Cell lora_on_q_and_v() {
  Settings options;
  return lora_cell(task_cell(options, data::tasks::nli, 2, 1), options, {"q", "v"}, 4);
}

/// Its weights do not matter here.
Base untrained() {
  const BaseConfig config = base_config(2, 0);
  return {config, std::make_shared<nn::Decoder>(config.model, config.seed)};
}

}  // namespace

TEST_CASE("at the first step the loss and dA do not see dropout, and dB does") {
  const auto steps = first_steps(untrained(), lora_on_q_and_v(), {0, 0.1, 0.5});
  REQUIRE(steps.size() == 3);
  for (const FirstStep& step : steps) {
    CHECK(step.loss == steps[0].loss);  // bit for bit
    CHECK(step.largest_dA == 0);
    CHECK(step.norm_dB > 0);
  }
  CHECK(steps[0].dB_change == 0);
  CHECK(steps[1].dB_change > 0.05);
  CHECK(steps[2].dB_change > steps[1].dB_change);
}

TEST_CASE("the cells differ in p alone, and p = 0 is among them") {
  Settings options;
  options.seeds = 1;
  std::set<double> p;
  std::set<std::string> rest;
  for (Cell cell : dropout::experiment().cells(options)) {
    CHECK_NOTHROW(check_cell(cell));
    if (cell.method != "lora") continue;
    p.insert(cell.dropout);
    cell.dropout = 0;
    rest.insert(cell.key());
  }
  CHECK(p == std::set<double>{0, 0.05, 0.1, 0.3});
  CHECK(rest.size() == 12);  // one for each task and base
}

}  // namespace dropout_test
