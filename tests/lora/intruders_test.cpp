#include "lora/analysis/intruders.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "lora/analysis/subspace.h"

namespace intruders_test {

using namespace lora;
using doctest::Approx;

TEST_CASE("no intruder in the matrix itself, and one where a foreign direction is put on top") {
  autograd::Random random(1, "W");
  const MatrixXd W = gaussian(40, 30, random);
  const MatrixXd base = svd(W).U;
  const VectorXd same = best_cosines(base, base, 10);
  CHECK(same.minCoeff() == Approx(1));
  CHECK(count_intruders(same, 0.6) == 0);

  const MatrixXd u = random_subspace(40, 1, random), v = random_subspace(30, 1, random);
  const VectorXd tuned = best_cosines(svd(W + 40 * product_nt(u, v)).U, base, 10);
  CHECK(count_intruders(tuned, 0.6) >= 1);
  CHECK(tuned(0) < 0.6);  // the one on top
  // Control: the same change along a direction that W has is none.
  const Svd s = svd(W);
  const VectorXd own = best_cosines(svd(W + 40 * product_nt(s.U.col(3), s.V.col(3))).U, base, 10);
  CHECK(count_intruders(own, 0.6) == 0);
}

TEST_CASE("a negated singular vector is the same direction") {
  const MatrixXd base = MatrixXd::Identity(3, 3);
  CHECK(best_cosines(-base, base, 3).minCoeff() == 1);
}

TEST_CASE("the chance level of the best cosine") {
  // E max(|cos a|, |sin a|) for a uniform angle is (4/π) ∫_0^{π/4} cos = 2√2/π.
  CHECK(chance_best_cosine(2) == Approx(2 * std::sqrt(2.0) / std::acos(-1.0)).epsilon(0.005));
  CHECK(chance_best_cosine(1) == Approx(1));
  CHECK(chance_best_cosine(64) == Approx(0.33).epsilon(0.02));
  CHECK(chance_best_cosine(128) == Approx(0.25).epsilon(0.03));
  CHECK(chance_best_cosine(64) == chance_best_cosine(64));
}

TEST_CASE("what cannot be compared is refused") {
  const MatrixXd a = MatrixXd::Identity(3, 3), b = MatrixXd::Identity(4, 4);
  CHECK_THROWS_AS(best_cosines(a, b, 1), std::invalid_argument);
  CHECK_THROWS_AS(best_cosines(a, a, 4), std::invalid_argument);
  CHECK_THROWS_AS(best_cosines(a, a, 0), std::invalid_argument);
  CHECK_THROWS_AS(chance_best_cosine(0), std::invalid_argument);
}

}  // namespace intruders_test
