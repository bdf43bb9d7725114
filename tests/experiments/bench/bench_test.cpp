#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <regex>
#include <set>

#include "experiments/bench/bench_gemm.h"
#include "experiments/bench/bench_ops.h"
#include "experiments/bench/bench_roofline.h"
#include "experiments/bench/bench_scaling.h"

namespace bench_test {

using namespace experiments::bench;
using doctest::Approx;

TEST_CASE("each sweep of the scaling varies one size and rises") {
  std::set<std::string> names;
  for (const ScalingSweep& sweep : scaling_sweeps()) {
    CAPTURE(sweep.what);
    names.insert(sweep.what);
    CHECK(std::is_sorted(sweep.x.begin(), sweep.x.end()));
    REQUIRE(sweep.steps.size() == sweep.x.size());
    // All start from one step, which is in every sweep.
    const StepBench start = scaling_start();
    CHECK(std::any_of(sweep.steps.begin(), sweep.steps.end(), [&](const StepBench& step) {
      return step.shape.C == start.shape.C && step.shape.layers == start.shape.layers &&
             step.shape.T == start.shape.T && step.shape.B == start.shape.B &&
             step.rank == start.rank && step.targets == start.targets;
    }));
    for (const StepBench& step : sweep.steps) CHECK(step.shape.C == 32 * step.shape.heads);
  }
  CHECK(names == std::set<std::string>{"d", "L", "T", "B", "r", "matrices"});
}

TEST_CASE("memory of a step: r adds to LoRA's state in proportion, L to nearly all") {
  for (const ScalingSweep& sweep : scaling_sweeps())
    if (sweep.what == "r" || sweep.what == "L") {
      StepBench first = sweep.steps.front(), last = sweep.steps.back();
      first.steps = last.steps = 1;
      const StepTiming a = time_step(first), b = time_step(last);
      const double ratio = sweep.x.back() / sweep.x.front();
      CAPTURE(sweep.what);
      CHECK(double(b.state_bytes) == Approx(ratio * double(a.state_bytes)));
      // Gradients and two moments, in float.
      CHECK(b.state_bytes == 3 * 4 * b.trainable);
      if (sweep.what == "L") CHECK(double(b.tape_bytes) > ratio / 2 * double(a.tape_bytes));
    }
}

TEST_CASE("bench ops has every operation that ops.h declares, and no other") {
  std::ifstream header(LOWRANK_SOURCE_DIR "/autograd/ops.h");
  REQUIRE(header);
  std::set<std::string> declared;
  const std::regex declaration("^Var ([a-z_]+)\\(.*");
  for (std::string line; std::getline(header, line);) {
    std::smatch match;
    if (std::regex_match(line, match, declaration)) declared.insert(match[1]);
  }
  const std::vector<std::string> names = op_names();
  CHECK(std::set<std::string>(names.begin(), names.end()) == declared);
  CHECK(op_benchmarks().size() == 4 * names.size());
}

TEST_CASE("a filter of bench ops chooses by a regular expression, and says what there is") {
  using Names = std::vector<std::string>;
  CHECK(matching_benchmarks("^gelu/toy") == Names{"gelu/toy/forward", "gelu/toy/backward"});
  CHECK(matching_benchmarks("^(add|scale)/small/back") ==
        Names{"add/small/backward", "scale/small/backward"});
  CHECK(matching_benchmarks("") == op_benchmarks());
  CHECK_THROWS_WITH_AS(matching_benchmarks("convolution"),
                       doctest::Contains("the operations are matmul, matmul_nt"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(matching_benchmarks("("), "'(' is no regular expression",
                       std::invalid_argument);
}

TEST_CASE("the products of a step") {
  const std::vector<Product> products = products_of_step(bench_shapes().at(0));
  const Product& up = products.at(1);
  CHECK(up.M == 1024);
  CHECK(up.N == 256);
  CHECK(up.K == 64);
  CHECK(up.flops() == 2.0 * 1024 * 256 * 64);
  CHECK(up.intensity() == Approx(up.flops() / (4.0 * (1024 * 64 + 64 * 256 + 1024 * 256))));
  for (const std::string& engine : gemm_engines()) CHECK(gemm_speed(up, up.form, engine) > 0);
  CHECK_THROWS_AS(gemm_speed(up, up.form, "nobody"), std::invalid_argument);
}

TEST_CASE("a roofline as CSV") {
  CHECK(roofline_csv({{"product", "toy", "q, k, v, o", 12.5, 200}}) ==
        "kind,config,what,flops_per_byte,gflops\nproduct,toy,\"q, k, v, o\",12.5,200\n");
}

}  // namespace bench_test
