#include "experiments/paper/table16.h"

#include <doctest/doctest.h>

#include "tests/experiments/paper/synthetic_scores.h"

namespace table16_test {

using namespace experiments::paper;

TEST_CASE("F8 where the truth is known") {
  const auto of = [](double lora_at_100, double lora_above, double noise = 1) {
    const auto truth = [&](const Cell& cell) {
      if (cell.method != "lora") return 60.0;
      return cell.examples == 100 ? lora_at_100 : lora_above;
    };
    const auto findings =
        table16::findings(fake::scores(table16::experiment(), truth, {.noise = noise}));
    REQUIRE(findings.size() == 1);
    CHECK(findings[0].id == "F8");
    return fake::letters(findings[0]);
  };
  CHECK(of(66, 40) == "h");  // only the smallest n counts
  CHECK(of(60, 40) == "h");
  CHECK(of(50, 80) == "d");
  CHECK(of(57, 80) == "o");  // on the threshold
  CHECK(of(66, 40, 60) == "o");
}

TEST_CASE("the sizes: 100, the task's own, and all that the steps can use") {
  CHECK(table16::sizes(Preset::quick, 250, 500) == std::vector<int>{100, 250, 16000});
  CHECK(table16::sizes(Preset::full, 250, 500) == std::vector<int>{100, 250, 1000, 16000});
  CHECK(table16::sizes(Preset::full, 1000, 800) == std::vector<int>{100, 1000, 25600});
  Settings options;
  options.seeds = 1;
  for (const Cell& cell : table16::experiment().cells(options)) {
    CHECK_NOTHROW(check_cell(cell));
    if (cell.method == "prefix-embedding") CHECK(cell.size == 32);  // 32 * 64 = 2048 = LoRA's
    if (cell.method == "prefix-layer") CHECK(cell.size == 16);
  }
}

}  // namespace table16_test
