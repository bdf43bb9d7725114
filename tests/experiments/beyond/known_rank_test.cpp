#include "experiments/beyond/known_rank.h"

#include <doctest/doctest.h>

#include <cmath>
#include <thread>
#include <type_traits>

#include "lora/analysis/subspace.h"
#include "nn/files/json.h"

using namespace experiments::beyond;
using doctest::Approx;
using lora::MatrixXd;
using lora::VectorXd;

namespace {

MatrixXd drawn(lora::Index rows, lora::Index cols, const char* stream) {
  autograd::Random random(8, stream);
  return lora::gaussian(rows, cols, random);
}

VectorXd values(std::initializer_list<double> x) {
  VectorXd v(static_cast<lora::Index>(x.size()));
  std::copy(x.begin(), x.end(), v.begin());
  return v;
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

TEST_CASE("the rank is counted where the spectrum breaks off, and is 0 where nothing is") {
  CHECK(estimate_rank(values({3, 2.5, 0.1, 0.05}), 10) == 2);
  CHECK(estimate_rank(values({3, 0.5, 0.1, 0.05}), 10) == 2);
  CHECK(estimate_rank(values({0, 0, 0}), 10) == 0);
  // What is far below W's own size is nothing, however its values compare with each other.
  CHECK(estimate_rank(values({3e-3, 2e-3}), 10) == 0);
  CHECK(estimate_rank(values({3e-3, 2e-3}), 1) == 2);
}

TEST_CASE("the interval of the amplification covers what its bias was made of") {
  // Students whose ladder is the true one, shrunk and leaned by a known bias with known noise.
  autograd::Random random(3, "ladders");
  const LadderBias bias{0.2, 0.05, -0.1, 0.08};
  const int n = 4000;
  std::vector<LadderPair> pairs;
  int covered = 0, uncorrected = 0;
  for (int i = 0; i < n; ++i) {
    const int rank = 1 + i % 8;
    const double root = std::sqrt(rank);
    const Ladder truth{5, 0.5 + random.uniform(), 2};
    const Ladder student{
        truth.delta_norm * std::exp(-bias.log_norm * root - bias.log_norm_sd * random.normal()),
        truth.over_random - bias.over_random * root - bias.over_random_sd * random.normal(), 2};
    pairs.push_back({rank, truth, student});
    const Interval interval = amplification_interval(student, rank, bias);
    covered += interval.low <= truth.factor() && truth.factor() <= interval.high;
    const Interval raw = amplification_interval(student, rank, {0, 0.05, 0, 0.08});
    uncorrected += raw.low <= truth.factor() && truth.factor() <= raw.high;
  }
  CHECK(covered > 0.98 * n);
  CHECK(uncorrected < 0.8 * n);  // control
  const LadderBias found = ladder_bias(pairs);
  CHECK(found.log_norm == Approx(bias.log_norm).epsilon(0.03));
  CHECK(found.log_norm_sd == Approx(bias.log_norm_sd).epsilon(0.05));
  CHECK(found.over_random == Approx(bias.over_random).epsilon(0.05));
  CHECK(found.over_random_sd == Approx(bias.over_random_sd).epsilon(0.05));
  // A change that may miss W altogether has no upper end.
  CHECK(std::isinf(amplification_interval({5, 0.1, 2}, 1, bias).high));
}

TEST_CASE(
    "a student finds the planted rank, directions and loss; without a plant it finds nothing") {
  const Base base = untrained_base();
  KnownRankOptions options = planted_rank(3, 300);
  options.ranks = {1, 3};
  const KnownRankResult found = known_rank(base, options);
  CHECK(found.estimated_rank() == 3);
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
  CHECK(nothing.estimated_rank() == 0);
  CHECK(nothing.analysed.end == 0);
  CHECK(nothing.matrices.at(0).whitened.isZero(0));
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
