#include "lora/analysis/subspace.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>
#include <vector>

namespace subspace_test {

using namespace lora;
using doctest::Approx;
using Eigen::Index;

namespace {

MatrixXd unit_vectors(Index d, const std::vector<Index>& which) {
  MatrixXd m = MatrixXd::Zero(d, static_cast<Index>(which.size()));
  for (std::size_t i = 0; i < which.size(); ++i) m(which[i], static_cast<Index>(i)) = 1;
  return m;
}

/// Mean, standard deviation and standard error of the mean of φ over independent random subspaces.
struct Simulated {
  double mean = 0, sd = 0, error = 0;
};
Simulated simulated(Index i, Index j, Index d, int draws) {
  autograd::Random random(17, "chance");
  VectorXd phi(draws);
  for (double& x : phi) {
    const MatrixXd U = random_subspace(d, i, random);
    x = similarity(U, random_subspace(d, j, random));
  }
  const double sd = std::sqrt((phi.array() - phi.mean()).square().sum() / (draws - 1));
  return {phi.mean(), sd, sd / std::sqrt(draws)};
}

}  // namespace

TEST_CASE("identical subspaces give 1, orthogonal ones 0, whatever the basis") {
  autograd::Random random(1, "basis");
  const MatrixXd U = random_subspace(9, 3, random);
  const MatrixXd turned = product(U, random_subspace(3, 3, random));  // another basis of the span
  CHECK(similarity(U, U) == Approx(1));
  CHECK(similarity(U, turned) == Approx(1));
  CHECK(similarity(unit_vectors(9, {0, 1}), unit_vectors(9, {2, 3, 4})) == 0);
  CHECK(similarity(U, U.leftCols(1)) == Approx(1));  // one contains the other
}

TEST_CASE("the grid holds φ of the first i and the first j directions") {
  autograd::Random random(2, "grid");
  const MatrixXd U = random_subspace(8, 3, random), V = random_subspace(8, 5, random);
  const MatrixXd phi = similarity_grid(U, V);
  REQUIRE(phi.rows() == 3);
  REQUIRE(phi.cols() == 5);
  for (Index i = 1; i <= 3; ++i)
    for (Index j = 1; j <= 5; ++j) {
      const MatrixXd cosines = product_tn(U.leftCols(i), V.leftCols(j));
      CHECK(phi(i - 1, j - 1) ==
            Approx(cosines.squaredNorm() / static_cast<double>(std::min(i, j))));
    }
  CHECK(similarity_grid(V, U).isApprox(phi.transpose(), 1e-14));
}

TEST_CASE("a known case: one of two directions is shared, at 60 degrees to the other") {
  MatrixXd U = unit_vectors(4, {0, 1}), V = unit_vectors(4, {0, 2, 3});
  V.col(1) << 0, 0.5, std::sqrt(0.75), 0;
  const MatrixXd phi = similarity_grid(U, V);
  CHECK(phi(0, 0) == Approx(1));
  CHECK(phi(1, 1) == Approx((1 + 0.25) / 2));
  CHECK(phi(1, 2) == Approx((1 + 0.25) / 2));
  CHECK(phi(0, 2) == Approx(1));
  // Control: without the division by min(i,j) it is no fraction.
  CHECK(product_tn(U, V).squaredNorm() > 1);
}

TEST_CASE("random subspaces give the chance level and its spread, within their error") {
  struct Case {
    Index i, j, d;
  };
  for (const Case& c : {Case{4, 16, 64}, Case{1, 8, 64}, Case{3, 2, 9}, Case{1, 1, 5}}) {
    const int draws = 2000;
    const Simulated s = simulated(c.i, c.j, c.d, draws);
    const double chance = chance_similarity(c.i, c.j, c.d);
    CHECK(std::abs(s.mean - chance) < 4 * s.error);
    CHECK(chance_similarity_sd(c.i, c.j, c.d) == Approx(s.sd).epsilon(0.08));
    // Control: the number of directions of the smaller one is another level, and is told apart.
    const double wrong = static_cast<double>(std::min(c.i, c.j)) / static_cast<double>(c.d);
    if (c.i != c.j) CHECK(std::abs(s.mean - wrong) > 4 * s.error);
  }
}

TEST_CASE("chance and correction at their ends") {
  CHECK(chance_similarity(4, 16, 64) == 0.25);
  CHECK(chance_similarity(16, 4, 64) == 0.25);
  CHECK(chance_similarity_sd(3, 64, 64) == 0);  // all of R^d meets everything
  CHECK(corrected(0.25, 4, 16, 64) == 0);
  CHECK(corrected(1, 4, 16, 64) == 1);
  CHECK(corrected(0.1, 4, 16, 64) < 0);
  CHECK(std::isnan(corrected(1, 4, 64, 64)));
  CHECK_THROWS_AS(chance_similarity(1, 65, 64), std::invalid_argument);
  CHECK_THROWS_AS(chance_similarity(0, 3, 64), std::invalid_argument);
  const MatrixXd grid = corrected_grid(MatrixXd::Ones(2, 3), 3);
  CHECK(grid(0, 0) == 1);
  CHECK(std::isnan(grid(1, 2)));
}

TEST_CASE("φ = 1 - distance²/p, and not what appendix G prints") {
  autograd::Random random(4, "metric");
  for (const auto& [i, j] : {std::pair{2, 5}, {5, 2}, {3, 3}, {1, 4}}) {
    const MatrixXd U = random_subspace(7, i, random), V = random_subspace(7, j, random);
    const double p = std::min(i, j), distance = projection_distance(U, V);
    CHECK(distance >= 0);
    CHECK(distance <= std::sqrt(p));
    CHECK(similarity(U, V) == Approx(1 - distance * distance / p).epsilon(1e-12));
    // Control: (1 - d²)/p, the paper's line, fails wherever p > 1.
    const double printed = (1 - distance * distance) / p;
    CHECK((std::abs(similarity(U, V) - printed) > 1e-3) == (p > 1));
  }
  const MatrixXd same = random_subspace(7, 3, random);
  CHECK(projection_distance(same, same) == Approx(0).epsilon(1e-6));
}

TEST_CASE("subspaces of different spaces are not compared") {
  CHECK_THROWS_AS(similarity_grid(unit_vectors(4, {0}), unit_vectors(5, {0})),
                  std::invalid_argument);
  CHECK_THROWS_AS(projection_distance(unit_vectors(4, {0}), unit_vectors(5, {0})),
                  std::invalid_argument);
}

TEST_CASE("the largest cosine finds one shared direction wherever it stands") {
  autograd::Random random(2, "shared");
  const MatrixXd Q = random_subspace(64, 20, random);
  MatrixXd U = Q.leftCols(8), V = Q.rightCols(12);  // orthogonal
  CHECK(largest_cosine(U, V) == doctest::Approx(0));
  V.col(11) = U.col(5);
  CHECK(largest_cosine(U, V) == doctest::Approx(1));
  CHECK(similarity_grid(U, V)(0, 0) == doctest::Approx(0));  // which the first two do not see
  // Two orders of one plane: phi(1,1) says half, the plane is the same.
  MatrixXd turned(64, 2);
  turned << (U.col(0) + U.col(1)) / std::sqrt(2.0), (U.col(0) - U.col(1)) / std::sqrt(2.0);
  CHECK(similarity_grid(U.leftCols(2), turned)(0, 0) == doctest::Approx(0.5));
  CHECK(largest_cosine(U.leftCols(2), turned) == doctest::Approx(1));
  CHECK_THROWS_AS(largest_cosine(U, MatrixXd::Identity(5, 2)), std::invalid_argument);
}

TEST_CASE("the chance level of the largest cosine is that of random subspaces") {
  const ChanceLevel level = chance_largest_cosine(8, 16, 64);
  CHECK(level.mean == doctest::Approx(0.52).epsilon(0.03));
  CHECK(level.sd == doctest::Approx(0.06).epsilon(0.2));
  // Against other draws, both subspaces random.
  autograd::Random random(9, "others");
  double sum = 0;
  for (int i = 0; i < 200; ++i) {
    const MatrixXd U = random_subspace(64, 8, random);
    sum += std::pow(largest_cosine(U, random_subspace(64, 16, random)), 2);
  }
  CHECK(std::abs(sum / 200 - level.mean) < 4 * level.sd / std::sqrt(130.0));
  CHECK(sum / 200 > chance_similarity(8, 16, 64) + 0.2);  // control: it is not phi's
  // A line and a line: the squared cosine has the mean 1/d.
  CHECK(chance_largest_cosine(1, 1, 64, 4000).mean == doctest::Approx(1.0 / 64).epsilon(0.1));
  CHECK(level.corrected(1) == doctest::Approx(1));
  CHECK(level.corrected(level.mean) == doctest::Approx(0));
  CHECK_THROWS_AS(chance_largest_cosine(8, 65, 64), std::invalid_argument);
  CHECK_THROWS_AS(chance_largest_cosine(8, 16, 64, 1), std::invalid_argument);
}

}  // namespace subspace_test
