#include "experiments/paper/table7.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "tests/experiments/paper/adapted_models.h"

namespace table7_test {

using namespace experiments::paper;
using doctest::Approx;

namespace {

const lora::MatrixXd W = fake::gaussian(fake::dimension, fake::dimension, "W");

/// What an adapter shows: the random level times `over_random`, and its factor at r = 4 and 16.
struct Shown {
  double over_random, factor4, factor16;
};

/// Entries as they would come from adapters that show `plain`, and `permuted` with permuted labels,
/// with a little noise by seed.
std::vector<table7::Entry> entries(const Shown& plain, const Shown& permuted, double in_w = 8) {
  std::vector<table7::Entry> all;
  for (std::uint64_t seed = 1; seed <= 5; ++seed)
    for (const bool is_permuted : {false, true})
      for (const AlphaRule rule : {AlphaRule::fixed, AlphaRule::proportional})
        for (const lora::Index r : {4, 16}) {
          if (is_permuted && rule == AlphaRule::proportional) continue;
          const Shown& shown = is_permuted ? permuted : plain;
          // Of its own in each entry, since differences are read.
          autograd::Random random(seed, fmt::format("table7-test.{}.{}", is_permuted, r));
          lora::Amplification a;
          a.r = r;
          a.w_norm = 10;
          a.expected_random = a.in_random = 10.0 * static_cast<double>(r) / 64;
          a.in_delta = shown.over_random * (1 + 0.02 * random.normal()) * a.expected_random;
          a.in_w = in_w;
          a.delta_norm =
              (r == 4 ? shown.factor4 : shown.factor16) * (1 + 0.02 * random.normal()) * a.in_delta;
          a.half_random = {2 * a.expected_random, 3 * a.expected_random};
          table7::Entry entry{"nli", "blocks.0.attn.q", rule, {2, seed}, a};
          entry.permuted = is_permuted;
          all.push_back(entry);
          entry.matrix = "blocks.0.attn.v";  // another kind of matrix, which F5 does not look at
          entry.amplification.in_delta = 1e-3;
          all.push_back(entry);
        }
  return all;
}

std::vector<Outcome> outcomes(Finding finding) {
  std::vector<Finding> findings{std::move(finding)};
  judge(findings);
  std::vector<Outcome> parts;
  for (const Finding::Part& part : findings[0].parts) parts.push_back(part.judgement.outcome);
  return parts;
}

std::vector<Outcome> f5(const std::vector<table7::Entry>& all) {
  return outcomes(table7::finding_of(all));
}

}  // namespace

TEST_CASE("F5 on tables with a known answer") {
  using enum Outcome;
  CHECK(f5(entries({1.5, 20, 2}, {1.2, 10, 2})) == std::vector(3, holds));
  // Controls: less than with permuted labels, amplification that falls less or rises, and nearly all
  // of W's own.
  CHECK(f5(entries({1.2, 2, 10}, {1.5, 10, 2})) ==
        std::vector{does_not_hold, holds, does_not_hold});
  CHECK(f5(entries({1.5, 20, 2}, {1.2, 10, 2}, 2)).at(1) == does_not_hold);
  std::vector<table7::Entry> one = entries({1.5, 20, 2}, {1.2, 10, 2});
  std::erase_if(one, [](const table7::Entry& e) { return e.repetition.second > 1; });
  CHECK(f5(one) == std::vector(3, open));
  std::vector<table7::Entry> without = entries({1.5, 20, 2}, {1.2, 10, 2});
  std::erase_if(without, [](const table7::Entry& e) { return e.permuted; });
  CHECK(f5(without) == std::vector{open, holds, open});
}

TEST_CASE("what noise shows is no evidence for F5, though it is above random directions") {
  using enum Outcome;
  // As through uneven inputs: twice the random level, a factor that falls by chance alone, and the
  // same with permuted labels.
  const std::vector<Outcome> noise = f5(entries({1.5, 12, 3}, {1.5, 12, 3}));
  CHECK(noise.at(0) == open);
  CHECK(noise.at(2) == open);
}

TEST_CASE("that amplification falls with alpha in proportion to r is a finding by itself") {
  using enum Outcome;
  const Finding finding = table7::proportional_finding(entries({1.5, 20, 2}, {1.2, 10, 2}));
  CHECK_FALSE(finding.in_summary);
  CHECK(outcomes(finding) == std::vector{holds});
  CHECK(outcomes(table7::proportional_finding(entries({1.5, 2, 20}, {1.2, 10, 2}))) ==
        std::vector{does_not_hold});
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
    "noise stands at the random level where inputs are even, and above it where they are not") {
  AdaptedModel model{fake::cell("nli", 4, 1, 8), {}};
  const std::string q = "blocks.0.attn.q";
  model.matrices[q] =
      fake::adapted(W, fake::own_directions("left", 4, 1), fake::own_directions("right", 4, 1));
  const lora::MatrixXd even = lora::MatrixXd::Identity(fake::dimension, fake::dimension);
  // Nearly all of the inputs lies where W has the most.
  const lora::Svd own = lora::svd(W);
  const lora::MatrixXd first = own.V.leftCols(4);
  const lora::MatrixXd uneven = lora::product(first, first.transpose()) + 1e-4 * even;
  const auto seen = [&](const lora::MatrixXd& C) {
    Moments moments;
    moments.inputs[q] = C, moments.gradients[q] = even;
    const auto entries = table7::entries_of({model}, 8, {{{"nli", 2}, moments}});
    REQUIRE(entries.front().noise);
    CHECK(entries.front().noise->in_delta != entries.front().amplification.in_delta);
    CHECK(table7::csv(entries).text().find(",in_noise\n") != std::string::npos);
    return *entries.front().noise;
  };
  CHECK(seen(even).over_random() == Approx(1).epsilon(0.15));
  CHECK(seen(uneven).over_random() > 1.5);
  CHECK(share_of_first_tenth(lora::svd(even).sigma) == Approx(0.1));
  CHECK(share_of_first_tenth(lora::svd(uneven).sigma) > 0.99);
  CHECK_FALSE(table7::entries_of({model}, 8).front().noise);
}

TEST_CASE(
    "a table for each task, matrix and rule, beside the paper's, and a line of CSV an entry") {
  const auto all = entries({1.5, 10, 2}, {1.2, 10, 2});
  const std::vector<Section> sections = table7::sections(all);
  REQUIRE(sections.size() == 5);
  CHECK(sections[0].table[2] == std::vector<std::string>{"W", "21.67", "37.71"});
  CHECK(sections[1].title == "nli, blocks.0.attn.q, α fixed, ‖W‖ = 10.00");
  const PlainTable& table = sections[1].table;
  CHECK(table.front() == std::vector<std::string>{"‖UᵀWV‖ with directions of", "r = 4",
                                                  "r = 4, permuted", "r = 16", "r = 16, permuted"});
  REQUIRE(table.size() == sections[0].table.size());  // the paper's has the same rows
  for (std::size_t row = 1; row < table.size(); ++row)
    CHECK(table[row][0] == sections[0].table[row][0]);
  CHECK(table[5].front().starts_with("inputs of ΔW"));
  CHECK(table[5][1] == "1.25 ± 0.00");
  CHECK(sections[2].table.front().size() == 3);  // α = 2r has no twins
  CHECK(table7::csv(all).rows().size() == 60);
}

}  // namespace table7_test
