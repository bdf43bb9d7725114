#include "experiments/paper/table7.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>

#include "tests/experiments/paper/adapted_models.h"

using namespace experiments::paper;
using doctest::Approx;

namespace {

const lora::MatrixXd W = fake::gaussian(fake::dimension, fake::dimension, "W");

/// Entries as they would come from adapters whose factor is `factor4` at r = 4 and `factor16` at r
/// = 16, with `over_random` times the random level, and a little noise by seed.
std::vector<table7::Entry> entries(double over_random, double factor4, double factor16) {
  std::vector<table7::Entry> all;
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    for (const AlphaRule rule : {AlphaRule::fixed, AlphaRule::proportional})
      for (const lora::Index r : {4, 16}) {
        const double noise = 1 + 0.02 * static_cast<double>(seed);
        lora::Amplification a;
        a.r = r;
        a.w_norm = 10;
        a.expected_random = a.in_random = 10.0 * static_cast<double>(r) / 64;
        a.in_delta = over_random * noise * a.expected_random;
        a.in_w = 3 + static_cast<double>(r) / 4;
        a.delta_norm = (r == 4 ? factor4 : factor16) * noise * a.in_delta;
        all.push_back({"nli", "blocks.0.attn.q", rule, {2, seed}, a});
        table7::Entry other = all.back();  // another kind of matrix, which F5 does not look at
        other.matrix = "blocks.0.attn.v";
        other.amplification.in_delta = 1e-3;
        all.push_back(other);
      }
  return all;
}

std::vector<Outcome> outcomes(const std::vector<table7::Entry>& all) {
  std::vector<Finding> findings{table7::finding_of(all)};
  judge(findings);
  std::vector<Outcome> parts;
  for (const Finding::Part& part : findings[0].parts) parts.push_back(part.judgement.outcome);
  return parts;
}

}  // namespace

TEST_CASE("F5 on tables with a known answer") {
  using enum Outcome;
  CHECK(outcomes(entries(1.5, 10, 2)) ==
        std::vector{reproduced, reproduced, reproduced, reproduced});
  // The control: less than random, and amplification that rises.
  CHECK(outcomes(entries(0.5, 2, 10)) ==
        std::vector{contradicted, reproduced, contradicted, contradicted});
  std::vector<table7::Entry> one = entries(1.5, 10, 2);
  std::erase_if(one, [](const table7::Entry& e) { return e.repetition.second > 1; });
  CHECK(outcomes(one) == std::vector(4, inconclusive));
}

TEST_CASE("entries of adapters whose directions are W's own, and of random ones") {
  const lora::Svd own = lora::svd(W);
  std::vector<AdaptedModel> models;
  for (const double alpha : {8.0, 32.0}) {
    AdaptedModel model{fake::cell("nli", 16, 1, alpha), {}};
    model.matrices["blocks.0.attn.q"] = fake::adapted(W, own.U.leftCols(16), own.V.leftCols(16));
    model.matrices["blocks.0.attn.v"] =
        fake::adapted(W, fake::own_directions("left", 16, 1), fake::own_directions("right", 16, 1));
    models.push_back(model);
  }
  AdaptedModel both{fake::cell("nli", 4, 1, 8), {}};  // alpha = 2 r = 8
  both.matrices["blocks.0.attn.q"] =
      fake::adapted(W, fake::own_directions("left", 4, 1), fake::own_directions("right", 4, 1));
  models.push_back(both);

  const auto all = table7::entries_of(models, 8);
  REQUIRE(all.size() == 2 * 2 + 2);  // the last one stands under both rules for alpha
  for (const table7::Entry& entry : all) {
    const lora::Amplification& a = entry.amplification;
    CHECK(std::abs(a.in_random - a.expected_random) < 4 * a.in_random_error);
    if (kind_of(entry.matrix) == "q" && a.r == 16) CHECK(a.in_delta == Approx(a.in_w));
    if (kind_of(entry.matrix) == "v") CHECK(a.over_random() == Approx(1).epsilon(0.25));
  }
  CHECK(std::count_if(all.begin(), all.end(), [](const table7::Entry& e) {
          return e.rule == AlphaRule::proportional;
        }) == 3);
}

TEST_CASE(
    "a table for each task, matrix and rule, beside the paper's, and a line of CSV an entry") {
  const auto all = entries(1.5, 10, 2);
  const std::vector<Section> sections = table7::sections(all);
  REQUIRE(sections.size() == 5);
  CHECK(sections[0].table[2] == std::vector<std::string>{"W", "21.67", "37.71"});
  CHECK(sections[1].title == "nli, blocks.0.attn.q, α fixed, ‖W‖ = 10.00");
  CHECK(sections[1].table.back().front() == "ΔW ÷ random");
  CHECK(sections[1].table.back()[1] == "1.59 ± 0.05");
  CHECK(table7::csv(all).rows().size() == 40);
}
