#include "experiments/beyond/known_rank.h"

#include <doctest/doctest.h>

#include <cmath>
#include <thread>
#include <type_traits>

#include "lora/analysis/subspace.h"
#include "nn/files/json.h"

namespace known_rank_test {

using namespace experiments::beyond;
using doctest::Approx;
using lora::MatrixXd;
using lora::VectorXd;

namespace {

MatrixXd drawn(lora::Index rows, lora::Index cols, const char* stream) {
  autograd::Random random(8, stream);
  return lora::gaussian(rows, cols, random);
}

// A base as it is initialised: a planted change does not ask how well the base was trained.
Base untrained_base() {
  BaseConfig config;
  return {config, std::make_shared<nn::Decoder>(config.model, config.seed)};
}

KnownRankOptions planted_rank(int rank, int steps) {
  KnownRankOptions options;
  options.teacher.true_rank = rank;
  options.student.steps = steps;
  options.ranks = {};
  options.steps_of_others = steps;
  return options;
}

}  // namespace

TEST_CASE("what is planted has the rank, size, spectrum and directions that were asked for") {
  const MatrixXd W = drawn(7, 5, "W");
  TeacherSpec spec;
  spec.rho = 0.3;
  for (const Align align : {Align::random, Align::top, Align::bottom}) {
    spec.align = align;
    const lora::Svd change = planted_change(W, spec, 3, "w");
    CHECK(change.sigma.norm() == Approx(0.3 * W.norm()));
    CHECK(change.sigma(0) == Approx(change.sigma(2)));
    CHECK(lora::product_tn(change.U, change.U).isIdentity(1e-10));
  }
  const lora::Svd own = lora::svd(W);
  spec.align = Align::top;
  CHECK(lora::similarity(planted_change(W, spec, 2, "w").V, own.V.leftCols(2)) == Approx(1));
  spec.align = Align::bottom;
  CHECK(lora::similarity(planted_change(W, spec, 2, "w").V, own.V.leftCols(3)) ==
        Approx(0).scale(1));
  spec.spectrum = Spectrum::geometric;
  const VectorXd sigma = planted_change(W, spec, 3, "w").sigma;
  CHECK(sigma(1) == Approx(0.75 * sigma(0)));
  CHECK(sigma(2) == Approx(0.75 * sigma(1)));
  CHECK_THROWS_AS(planted_change(W, spec, 6, "w"), std::invalid_argument);
  CHECK_THROWS_AS(parse_align("left"), std::invalid_argument);
  CHECK_THROWS_AS(parse_labels("hard"), std::invalid_argument);
}

TEST_CASE("a change along the middle pairs of W, and one of full rank") {
  const MatrixXd W = drawn(30, 24, "W");
  const lora::Svd own = lora::svd(W);
  TeacherSpec spec;
  spec.align = Align::middle;
  const lora::Svd middle = planted_change(W, spec, 8, "w");
  CHECK(middle.sigma.norm() == Approx(0.5 * W.norm()));
  CHECK(lora::similarity(middle.U, own.U.middleCols(4, 16)) == Approx(1));
  CHECK(lora::similarity(middle.V, own.V.middleCols(4, 16)) == Approx(1));
  CHECK(lora::projected_norm(W, middle.U, middle.V) < own.sigma.segment(4, 8).norm() + 1e-9);
  const lora::Svd fewer = planted_change(W, spec, 3, "w");  // some of the same pairs
  CHECK(lora::similarity(fewer.V, middle.V) == Approx(1));
  spec.seed = 2;
  CHECK(lora::similarity(planted_change(W, spec, 8, "w").V, middle.V) < 0.95);  // control
  CHECK_THROWS_AS(planted_change(W, spec, 17, "w"), std::invalid_argument);
  CHECK_THROWS_AS(planted_change(drawn(30, 19, "W"), spec, 2, "w"), std::invalid_argument);

  spec.spectrum = Spectrum::noise;
  const lora::Svd noise = planted_change(W, spec, 1, "w");
  CHECK(noise.sigma.norm() == Approx(0.5 * W.norm()));
  CHECK(lora::numerical_rank(noise.sigma, 1e-3) == 24);
  spec.true_rank = 0;
  CHECK(planted_ranks(*copy_of(*untrained_base().model), spec).at("blocks.1.attn.v") == 64);
}

TEST_CASE("labels are drawn as often as the teacher's distribution says") {
  nn::Matrix logits(30000, 3);
  for (nn::Index i = 0; i < logits.rows(); ++i)
    logits.row(i) << std::log(1.f), std::log(2.f), std::log(7.f);
  autograd::Random random(4, "labels");
  std::vector<int> counts(3);
  for (const int label : drawn_labels(logits, random)) ++counts[static_cast<std::size_t>(label)];
  CHECK(counts[0] == Approx(3000).epsilon(0.1));
  CHECK(counts[1] == Approx(6000).epsilon(0.1));
  CHECK(counts[2] == Approx(21000).epsilon(0.03));
}

TEST_CASE("planting changes the planted weights by what it says, and no other") {
  const Base base = untrained_base();
  TeacherSpec spec;
  for (const Place place : {Place::one, Place::several, Place::mlp}) {
    spec.place = place;
    const auto teacher = copy_of(*base.model);
    const auto planted = plant(*teacher, spec);
    CHECK(planted.size() == (place == Place::several ? 4 : 1));
    std::map<std::string, MatrixXd> before;
    copy_of(*base.model)->visit("", [&](const std::string& name, nn::Parameter& p) {
      before[name] = p.value.m.cast<double>();
    });
    teacher->visit("", [&](const std::string& name, nn::Parameter& p) {
      const MatrixXd change = p.value.m.cast<double>() - before.at(name);
      const auto at = planted.find(name.substr(0, name.rfind('.')));
      if (at == planted.end() || !name.ends_with(".weight"))
        CHECK(change.isZero(0));
      else
        CHECK(change.isApprox(lora::truncated(at->second, 64), 1e-5));
    });
  }
  spec.place = Place::several;
  const auto ranks = planted_ranks(*copy_of(*base.model), spec);
  CHECK(ranks.at("blocks.0.attn.q") == 2);
  CHECK(ranks.at("blocks.0.attn.v") == 1);
  CHECK(ranks.at("blocks.1.attn.q") == 4);
  CHECK(student_targets(*copy_of(*base.model), Place::mlp).size() == 8);
}

TEST_CASE(
    "a student finds the planted rank, directions and loss; without a plant it finds nothing") {
  const Base base = untrained_base();
  KnownRankOptions options = planted_rank(3, 300);
  options.ranks = {1, 3};
  const KnownRankResult found = known_rank(base, options);
  CHECK(found.analysed.left() < RankRule().most_left);
  CHECK(found.estimated_rank().rank == 3);
  REQUIRE(found.losses.size() == 2);
  CHECK(found.losses[0].end > 10 * found.losses[1].end);  // r = 1 against r = 3
  CHECK(found.knee() == 3);
  const Recovery& matrix = found.matrices.at(0);
  CHECK(matrix.name == "blocks.1.attn.v");
  CHECK(matrix.right_whitened->phi > 0.9);
  CHECK(matrix.right_whitened->phi > 5 * matrix.right_whitened->chance);
  CHECK_FALSE(matrix.amplification);  // not calibrated for 300 steps
  CHECK(calibrated_bias(KnownRankOptions(), base_config(7, BaseConfig().steps)));
  CHECK_FALSE(calibrated_bias(KnownRankOptions(), base_config(7, 600)));  // nor for such a base

  const KnownRankResult nothing = known_rank(base, planted_rank(0, 20));
  CHECK(nothing.estimated_rank().rank == 0);
  CHECK(nothing.analysed.end == 0);
  CHECK(nothing.matrices.at(0).whitened.isZero(0));
}

TEST_CASE("nulls with noise: no rank is read where there is none") {
  const Base base = untrained_base();
  KnownRankOptions options = planted_rank(0, 150);
  options.teacher.spectrum = Spectrum::noise;
  const KnownRankResult noise = known_rank(base, options);
  CHECK(noise.matrices.at(0).true_rank == 64);
  CHECK(noise.analysed.left() > 0.05);  // a student of rank 16 cannot say it
  CHECK(noise.estimated_rank().why_none == "student not converged");
  options.teacher.spectrum = Spectrum::flat;
  options.student.labels = Labels::drawn;  // of the base itself
  const KnownRankResult labels = known_rank(base, options);
  CHECK(labels.analysed.start == 0);
  CHECK(labels.analysed.end > 0);
  CHECK_FALSE(labels.estimated_rank().rank);
  CHECK_FALSE(labels.matrices.at(0).whitened.isZero(0));  // it did learn something
}

TEST_CASE("teachers side by side share a base, and none notices the other") {
  const Base base = untrained_base();
  static_assert(std::is_const_v<decltype(base.model)::element_type>);
  const KnownRankOptions options = planted_rank(2, 1);
  const VectorXd alone = known_rank(base, options).matrices.at(0).whitened;
  for (int i = 0; i < 10; ++i) {
    VectorXd first, second;
    std::thread other([&] { first = known_rank(base, options).matrices.at(0).whitened; });
    second = known_rank(base, options).matrices.at(0).whitened;
    other.join();
    CHECK(first == alone);
    CHECK(second == alone);
  }
}

TEST_CASE("the same numbers for any number of students at a time") {
  const Base base = untrained_base();
  KnownRankOptions options = planted_rank(2, 5);
  options.ranks = {1, 2, 4};
  const std::string one = nn::text_of(known_rank_json(known_rank(base, options)));
  options.jobs = 3;
  CHECK(nn::text_of(known_rank_json(known_rank(base, options))) == one);
  options.student.seed = 2;
  CHECK(nn::text_of(known_rank_json(known_rank(base, options))) != one);
}

}  // namespace known_rank_test
