#include "experiments/paper/table18.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/experiments/paper/synthetic_scores.h"

namespace table18_test {

using namespace experiments::paper;

namespace {

/// Outcomes of F7 where the validation loss at rank r is truth(r), with noise of 0.01 nats.
std::string letters(double (*truth)(double rank), double noise = 1) {
  const auto flat = [](const Cell&) { return 0.0; };
  auto results = fake::scores(table18::experiment(), flat, {.noise = noise});
  for (CellResult& result : results)
    result.more["validation_nll"] = truth(result.cell.rank) - result.value;
  const auto findings = table18::findings(results);
  REQUIRE(findings.size() == 1);
  CHECK(findings[0].id == "F7");
  if (noise == 1 && truth(1) > truth(16) && truth(16) - truth(64) > 0.1)
    CHECK(findings[0].parts[1].contrast.note == "lowest mean loss at r=64");
  return fake::letters(findings[0]);
}

}  // namespace

TEST_CASE("F7 where the truth is known") {
  CHECK(letters([](double r) { return 1.16 + 0.2 / r; }) == "hh");
  CHECK(letters([](double r) { return 1.2 - 0.1 * std::log2(r); }) == "hd");  // never flat
  // It rises: the first part says so, and the finding does not hold.
  CHECK(letters([](double r) { return 1.0 + 0.1 * std::log2(r); }) == "dh");
  CHECK(letters([](double) { return 1.2; }) == "oo");
  CHECK(letters([](double r) { return 1.16 + 0.2 / r; }, 50) == "oo");
}

TEST_CASE("the paper's ranks up to the model's width") {
  for (const Preset preset : {Preset::smoke, Preset::quick, Preset::full}) {
    const auto ranks = table18::ranks(preset);
    CHECK(ranks.front() == 1);
    CHECK(ranks.back() == base_config(0, 0).model.d_model);
  }
}

}  // namespace table18_test
