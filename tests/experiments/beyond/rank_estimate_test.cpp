#include "experiments/beyond/rank_estimate.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>

namespace rank_estimate_test {

using namespace experiments::beyond;
using doctest::Approx;
using lora::VectorXd;

namespace {

VectorXd values(std::initializer_list<double> x) {
  VectorXd v(static_cast<lora::Index>(x.size()));
  std::copy(x.begin(), x.end(), v.begin());
  return v;
}

}  // namespace

TEST_CASE("the rank is counted where the spectrum breaks off, and is 0 where nothing is") {
  CHECK(estimate_rank(values({3, 2.5, 0.1, 0.05}), 10) == 2);
  CHECK(estimate_rank(values({3, 0.5, 0.1, 0.05}), 10) == 2);
  CHECK(estimate_rank(values({0, 0, 0}), 10) == 0);
  // What is far below W's own size is nothing, however its values compare with each other.
  CHECK(estimate_rank(values({3e-3, 2e-3}), 10) == 0);
  CHECK(estimate_rank(values({3e-3, 2e-3}), 1) == 2);
}

TEST_CASE("no rank is read before the student has converged, nor where the spectrum has no gap") {
  const RankRule rule{.most_left = 0.004, .least_gap = 2};
  const auto read = [&](const VectorXd& spectrum, double left) {
    return read_rank(spectrum, 10, left, rule);
  };
  const VectorXd clear = values({3, 2.5, 0.1, 0.05});
  CHECK(read(clear, 0.004).rank == 2);
  CHECK(read(clear, 0.0041).why_none == "student not converged");
  CHECK_FALSE(read(clear, std::numeric_limits<double>::infinity()).rank);
  CHECK_FALSE(read(clear, std::nan("")).rank);
  // A tail that falls slowly crosses the threshold somewhere, at no rank.
  CHECK(read(values({3, 2.5, 0.3, 0.2, 0.15}), 0).why_none == "no gap in the spectrum");
  CHECK(read(values({3, 2.5, 0.3, 0.2, 0.09}), 0).rank == 4);
  // A student all of whose values count may have too few of them.
  CHECK(read(values({3, 2.5, 2}), 0).why_none == "no gap in the spectrum");
  CHECK(read(values({3, 2.5, 0}), 0).rank == 2);
  CHECK(read(values({0, 0, 0}), 0).rank == 0);
}

TEST_CASE("an adapter of a task has a rank where its spectrum has a gap") {
  CHECK(rank_at_gap(values({3, 2.5, 0.1, 0.05}), 10).rank == 2);
  CHECK(rank_at_gap(values({3, 1, 0.21, 0.19}), 10).why_none == "no gap in the spectrum");
  CHECK(rank_at_gap(values({3, 2.5, 2, 1.5}), 10).why_none == "no gap in the spectrum");
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

}  // namespace rank_estimate_test
