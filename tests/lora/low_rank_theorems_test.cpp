#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "lora/analysis/low_rank.h"
#include "tests/lora/pages.h"
#include "tests/lora/subspaces.h"

namespace low_rank_theorems_test {

// The theorems of docs/low-rank-analysis.md on random matrices.

namespace {

/// The sum of the best r terms of the SVD.
MatrixXd truncated(const MatrixXd& m, Index r) {
  const auto svd = svd_of(m);
  return svd.matrixU().leftCols(r) * svd.singularValues().head(r).asDiagonal() *
         svd.matrixV().leftCols(r).transpose();
}

MatrixXd diagonal(const VectorXd& entries) { return entries.asDiagonal(); }

}  // namespace

TEST_CASE("the rank is the number of singular values that are not zero") {
  const VectorXd sigma = svd_of(low_rank(9, 6, 3, 1)).singularValues();
  CHECK(sigma(2) > 1e-3 * sigma(0));
  CHECK(sigma(3) < 1e-12 * sigma(0));
}

TEST_CASE("rank-deficient: an input is sent to zero, or an output is never reached") {
  const MatrixXd tall = low_rank(9, 6, 5, 1), wide = low_rank(6, 9, 5, 1);
  CHECK((tall * kernel_of(tall)).norm() < 1e-12);
  CHECK(kernel_dimension(tall) == 1);
  CHECK(kernel_dimension(wide.transpose()) == 1);
  // Control: a wide matrix of full rank sends inputs to zero too, and reaches every output.
  const MatrixXd full = gaussian_matrix(6, 9, 1, "full");
  CHECK(kernel_dimension(full) == 3);
  CHECK(kernel_dimension(full.transpose()) == 0);
}

TEST_CASE("stable and effective rank of 4, 2, 1") {
  const VectorXd sigma{{4, 2, 1}};
  const auto on_the_page = [](const std::string& text) {
    return prints("low-rank-analysis.md", text) && prints("glossary.md", text);
  };
  CHECK(lora::numerical_rank(sigma, 0.1) == 3);
  CHECK(on_the_page(fmt::format("{:.2f}", lora::stable_rank(sigma))));
  CHECK(on_the_page(fmt::format("{:.2f}", lora::effective_rank(sigma))));
  CHECK_FALSE(on_the_page("1.32"));  // control
  for (const auto& [r, square] : {std::pair<Index, double>{0, 21}, {1, 5}, {2, 1}, {3, 0}})
    CHECK(std::pow(lora::eckart_young_error(sigma, r), 2) == doctest::Approx(square));
}

TEST_CASE("Eckart-Young: no matrix of rank r is nearer than the truncated SVD") {
  const MatrixXd m = gaussian_matrix(8, 6, 1, "m");
  for (Index r = 0; r <= 6; ++r) {
    const double least = (m - truncated(m, r)).norm();
    CHECK(least == doctest::Approx(svd_of(m).singularValues().tail(6 - r).norm()));
    if (r == 0 || r == 6) continue;
    for (std::uint64_t seed = 1; seed <= 50; ++seed) {
      // Of a random column space the best matrix there is: the projection.
      const MatrixXd Q = random_basis(8, r, seed, "Q");
      CHECK((m - Q * Q.transpose() * m).norm() > least);
      // And near the best one.
      const MatrixXd close = truncated(m, r) + 1e-3 * gaussian_matrix(8, 6, seed, "close");
      CHECK((m - truncated(close, r)).norm() > least);
    }
  }
}

// M with an error of size tau in each entry, cut off after r terms: nearest to M where r is the
// number of its singular values above √3 tau √d.
TEST_CASE("with noise the best rank ends where a direction is weaker than the noise") {
  const Index d = 32, planted = 8;
  const auto valley = [&](double ratio, double tau, std::uint64_t seed) {
    VectorXd sigma(planted);
    for (Index i = 0; i < planted; ++i) sigma(i) = std::pow(ratio, static_cast<double>(i));
    const MatrixXd m = random_basis(d, planted, seed, "U") * diagonal(sigma) *
                       random_basis(d, planted, seed, "V").transpose();
    const auto seen = svd_of(m + tau * gaussian_matrix(d, d, seed, "noise"));
    MatrixXd rest = m;
    double least = rest.norm();
    Index best = 0;
    for (Index i = 0; i < d; ++i) {
      rest -= seen.singularValues()(i) * seen.matrixU().col(i) * seen.matrixV().col(i).transpose();
      if (rest.norm() < least) {
        least = rest.norm();
        best = i + 1;
      }
    }
    return best;
  };
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    CHECK(valley(1, 0.02, seed) == 8);    // all equal to 1: the planted rank
    CHECK(valley(0.5, 0.02, seed) == 3);  // 1/4 is above √3 tau √d = 0.196, 1/8 is not
    CHECK(valley(0.5, 1e-9, seed) == 8);  // control: nearly no noise, and all are found
  }
}

// Why Adam's steps are not of the rank of its gradients.
TEST_CASE("the signs of a matrix of small rank have a larger one") {
  const auto rank = [](const MatrixXd& m) {
    const VectorXd sigma = svd_of(m).singularValues();
    return (sigma.array() > 1e-9 * sigma(0)).count();
  };
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    const MatrixXd two = low_rank(64, 64, 2, seed), twelve = low_rank(64, 64, 12, seed);
    CHECK(rank(two) == 2);
    CHECK(rank(two.cwiseSign()) >= 25);
    CHECK(rank(two.cwiseSign()) <= 40);
    CHECK(rank(twelve.cwiseSign()) == 64);
  }
}

// Answers are points on a circle, and fact i is the point of its answer: the logits are cosines.
TEST_CASE("28 facts are answered rightly by logits of rank 2") {
  const Index facts = 28;
  MatrixXd answers(facts, 2);
  for (Index i = 0; i < facts; ++i) {
    const double angle = 2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(facts);
    answers.row(i) << std::cos(angle), std::sin(angle);
  }
  const auto answer_of = [&](Index fact) { return (5 * fact + 3) % facts; };  // a permutation
  MatrixXd one_hot = MatrixXd::Zero(facts, facts), points(facts, 2);
  for (Index fact = 0; fact < facts; ++fact) {
    one_hot(fact, answer_of(fact)) = 1;
    points.row(fact) = answers.row(answer_of(fact));
  }
  const MatrixXd logits = points * answers.transpose();
  CHECK(svd_of(logits).singularValues()(1) > 1);
  CHECK(svd_of(logits).singularValues()(2) < 1e-12);
  double gap = 1;
  for (Index fact = 0; fact < facts; ++fact) {
    VectorXd row = logits.row(fact);
    Index best = 0;
    const double right = row.maxCoeff(&best);
    CHECK(best == answer_of(fact));
    row(best) = -1;
    gap = std::min(gap, right - row.maxCoeff());
  }
  CHECK(gap == doctest::Approx(0.025).epsilon(0.01));
  // As logits that a squared error asks for, the same facts have 28 equal singular values.
  CHECK((svd_of(one_hot).singularValues().array() - 1).abs().maxCoeff() < 1e-12);
  CHECK((one_hot - truncated(one_hot, 2)).squaredNorm() == doctest::Approx(26));
}

TEST_CASE("singular vectors of BA from QR of the factors are those of the product") {
  const MatrixXd B = gaussian_matrix(9, 3, 1, "B"), A = gaussian_matrix(3, 7, 1, "A");
  const ThinQr left = qr_of(B), right = qr_of(A.transpose());
  const auto small = svd_of(left.R * right.R.transpose());  // 3 x 3
  const auto whole = svd_of(B * A);
  CHECK((small.singularValues() - whole.singularValues().head(3)).norm() < 1e-12);
  const MatrixXd U = left.Q * small.matrixU();
  CHECK(phi(U, whole.matrixU().leftCols(3)) == doctest::Approx(1));
  CHECK(phi(U.leftCols(1), whole.matrixU().leftCols(1)) == doctest::Approx(1));
}

TEST_CASE("phi is between 0 and 1, and 0 and 1 are reached") {
  const Index d = 12;
  for (std::uint64_t seed = 1; seed <= 50; ++seed)
    for (const Index j : {2, 5, 11}) {
      const double value = phi(random_basis(d, 4, seed, "U"), random_basis(d, j, seed, "V"));
      CHECK(value > 0);
      CHECK(value < 1 + 1e-12);
    }
  const MatrixXd basis = random_basis(d, 8, 1, "basis");
  CHECK(phi(basis.leftCols(3), basis.leftCols(8)) == doctest::Approx(1));  // one in the other
  CHECK(phi(basis.leftCols(3), basis.rightCols(5)) < 1e-25);
  // Two bases of one subspace are the same to it.
  const MatrixXd turned = basis.leftCols(3) * random_basis(3, 3, 2, "turn");
  CHECK(phi(basis.leftCols(3), turned) == doctest::Approx(1));
}

TEST_CASE("phi by hand: two planes that share a direction") {
  const MatrixXd axes = MatrixXd::Identity(4, 4), U = axes.leftCols(2);
  for (const int degrees : {0, 60, 90}) {
    const double t = degrees * std::numbers::pi / 180, chance = 2.0 / 4;
    MatrixXd V = U;
    V.col(1) = std::cos(t) * axes.col(1) + std::sin(t) * axes.col(2);
    const double value = phi(U, V);
    CHECK(value == doctest::Approx((1 + std::pow(std::cos(t), 2)) / 2));
    CHECK(prints("low-rank-analysis.md",
                 fmt::format("| {}° | {:.3f} | {:.3f} | {:.3f} | {:.3f} |", degrees,
                             phi(U.leftCols(1), V.leftCols(1)), value, chance,
                             (value - chance) / (1 - chance))));
  }
}

TEST_CASE("the projection metric is the distance of projections") {
  const MatrixXd U = random_basis(10, 4, 1, "U"), V = random_basis(10, 4, 2, "V");
  const double distance = (U * U.transpose() - V * V.transpose()).norm() / std::sqrt(2);
  CHECK(projection_metric(U, V) == doctest::Approx(distance));
}

// UᵀV has i j entries of mean square 1/d. phi is within [0, 1], so the mean of 400 draws has a
// standard deviation below 0.5/20 = 0.025 whatever its law; what it is here is below 0.007.
TEST_CASE("the chance level of phi is max(i,j)/d") {
  const Index d = 32;
  for (const auto& [i, j] : {std::pair<Index, Index>{1, 8}, {4, 4}, {4, 16}, {16, 4}, {8, 32}}) {
    double mean = 0;
    for (std::uint64_t seed = 1; seed <= 400; ++seed)
      mean += phi(random_basis(d, i, seed, "U"), random_basis(d, j, seed, "V")) / 400;
    const double chance = static_cast<double>(std::max(i, j)) / static_cast<double>(d);
    CHECK(std::abs(mean - chance) < 0.02);
  }
  const struct {
    Index d, i, j;
  } rows[] = {{12288, 8, 64}, {12288, 4, 1229}, {64, 1, 8}, {64, 8, 16}, {64, 8, 64}};
  for (const auto& row : rows) {
    const double chance = static_cast<double>(std::max(row.i, row.j)) / static_cast<double>(row.d);
    CHECK(prints("low-rank-analysis.md",
                 fmt::format("| {} | ({}, {}) | {:.3f} |", row.d, row.i, row.j, chance)));
  }
}

// Two matrices of noise behind inputs with second moment C, whose eigenvalues are i^-power.
TEST_CASE("noise that comes through uneven inputs shares directions") {
  const Index d = 64, r = 8;
  const auto similarity = [&](double power) {
    VectorXd root(d);  // of C
    for (Index i = 0; i < d; ++i) root(i) = std::pow(static_cast<double>(i + 1), -power / 2);
    const auto directions = [&](std::uint64_t seed, const char* name) {
      const MatrixXd change = gaussian_matrix(d, d, seed, name) * root.asDiagonal();
      return MatrixXd(lora::svd(change).V.leftCols(r));
    };
    double mean = 0;
    for (std::uint64_t seed = 1; seed <= 20; ++seed)
      mean += phi(directions(seed, "one"), directions(seed, "other")) / 20;
    return mean;
  };
  CHECK(std::abs(similarity(0) - 0.125) < 0.02);
  CHECK(std::abs(similarity(0.5) - 0.31) < 0.02);
  CHECK(std::abs(similarity(1) - 0.59) < 0.02);
}

TEST_CASE("random directions see ‖W‖ r/√(dk) of a matrix, its own see the top of its spectrum") {
  const Index d = 24, k = 40, r = 3;
  // A spectrum that is far from flat: the law needs no assumption about W.
  const MatrixXd W = low_rank(d, k, 2, 1) + 0.1 * gaussian_matrix(d, k, 1, "noise");
  double mean_square = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed)
    mean_square += (random_basis(d, r, seed, "U").transpose() * W * random_basis(k, r, seed, "V"))
                       .squaredNorm() /
                   2000;
  const double law = W.norm() * static_cast<double>(r) / std::sqrt(static_cast<double>(d * k));
  CHECK(std::sqrt(mean_square) == doctest::Approx(law).epsilon(0.05));
  // With one side kept, √(r/d) ‖W V‖.
  const MatrixXd kept = random_basis(k, r, 1, "kept");
  double one_sided = 0;
  for (std::uint64_t seed = 1; seed <= 2000; ++seed)
    one_sided += (random_basis(d, r, seed, "U").transpose() * W * kept).squaredNorm() / 2000;
  CHECK(one_sided ==
        doctest::Approx(static_cast<double>(r) / static_cast<double>(d) * (W * kept).squaredNorm())
            .epsilon(0.05));
  const auto svd = svd_of(W);
  const double own = (svd.matrixU().leftCols(r).transpose() * W * svd.matrixV().leftCols(r)).norm();
  CHECK(own == doctest::Approx(svd.singularValues().head(r).norm()));
  CHECK(own > 5 * law);
}

TEST_CASE("amplification of a planted change is as large as it was planted") {
  const Index d = 20;
  const MatrixXd W = gaussian_matrix(d, d, 1, "W");
  const auto svd = svd_of(W);
  const auto amplification = [&](const MatrixXd& change, Index r) {
    const auto own = svd_of(change);
    return change.norm() /
           (own.matrixU().leftCols(r).transpose() * W * own.matrixV().leftCols(r)).norm();
  };
  // 3 times what W has in two of its directions, the largest and the smallest: 3 in both.
  for (const Index first : {Index{0}, d - 2}) {
    const MatrixXd planted = svd.matrixU().middleCols(first, 2) *
                             diagonal(3 * svd.singularValues().segment(first, 2)) *
                             svd.matrixV().middleCols(first, 2).transpose();
    CHECK(amplification(planted, 2) == doctest::Approx(3));
  }
  // Of a norm that is W's, on W's top, on random and on its bottom directions: it only rises.
  const auto placed = [&](const MatrixXd& U, const MatrixXd& V) {
    return amplification(
        W.norm() / std::sqrt(2) * U * diagonal(VectorXd{{1.001, 1}}) * V.transpose(), 2);
  };
  const double top = placed(svd.matrixU().leftCols(2), svd.matrixV().leftCols(2));
  const double random = placed(random_basis(d, 2, 1, "U"), random_basis(d, 2, 1, "V"));
  const double bottom = placed(svd.matrixU().rightCols(2), svd.matrixV().rightCols(2));
  CHECK(top < random / 2);
  CHECK(random < bottom / 2);
}

TEST_CASE("amplification by hand: one axis of diag(4, 2, 1)") {
  const MatrixXd W = diagonal(VectorXd{{4, 2, 1}});
  const double chance = W.norm() / 3, by_chance = 6 / chance;
  for (const auto& number : {W.norm(), chance, by_chance})
    CHECK(prints("low-rank-analysis.md", fmt::format("= {:.2f}", number)));
  for (Index axis = 0; axis < 3; ++axis) {
    MatrixXd change = MatrixXd::Zero(3, 3);
    change(axis, axis) = 6;
    const auto own = svd_of(change);
    const double in_change =
        (own.matrixU().leftCols(1).transpose() * W * own.matrixV().leftCols(1)).norm();
    const double a = change.norm() / in_change;
    CHECK(prints("low-rank-analysis.md",
                 fmt::format("| {:.0f} | {:.1f} | {:.2f} |", in_change, a, by_chance / a)));
  }
}

TEST_CASE("gauge: BR and R⁻¹A are another A with the same BA") {
  const MatrixXd B = gaussian_matrix(9, 3, 1, "B"), A = gaussian_matrix(3, 7, 1, "A");
  // R is chosen so that what A holds least of, its third right vector, becomes the first.
  const auto svd = svd_of(A);
  const MatrixXd R =
      svd.matrixU() * diagonal(svd.singularValues()) * diagonal(VectorXd{{1, 0.5, 0.25}});
  const MatrixXd B2 = B * R, A2 = R.inverse() * A;
  CHECK((B2 * A2 - B * A).norm() < 1e-12);
  const MatrixXd V = svd.matrixV(), V2 = svd_of(A2).matrixV();
  CHECK(phi(V, V2) == doctest::Approx(1));            // all r directions together
  CHECK(phi(V.leftCols(1), V2.leftCols(1)) < 1e-25);  // but the first is another
  CHECK(phi(V.rightCols(1), V2.leftCols(1)) == doctest::Approx(1));
  const MatrixXd W = svd_of(B * A).matrixV(), W2 = svd_of(B2 * A2).matrixV();
  CHECK(phi(W.leftCols(1), W2.leftCols(1)) == doctest::Approx(1));
}

// z = (x - mean) / sd of each row, and the inputs of a projection are w z + b.
TEST_CASE("behind a layer norm the covariance is singular and the second moment is not") {
  const Index n = 4000, k = 8;
  MatrixXd z = gaussian_matrix(n, k, 1, "x");
  z.colwise() -= z.rowwise().mean().eval();
  for (Index i = 0; i < n; ++i) z.row(i) *= std::sqrt(static_cast<double>(k)) / z.row(i).norm();
  const VectorXd w = VectorXd::Ones(k) + 0.3 * gaussian_matrix(k, 1, 1, "w").col(0);
  const VectorXd b = 0.3 * gaussian_matrix(k, 1, 1, "b").col(0);
  const auto least = [](const MatrixXd& m) { return eigen_of(m).eigenvalues()(0); };
  const auto second_moment = [&](const MatrixXd& m) {
    return MatrixXd(m.transpose() * m / static_cast<double>(n));
  };
  const MatrixXd scaled = z * w.asDiagonal(), read = scaled.rowwise() + b.transpose();
  const MatrixXd centred = read.rowwise() - read.colwise().mean().eval();
  CHECK(std::abs(least(second_moment(z))) < 1e-12);
  CHECK(std::abs(least(second_moment(scaled))) < 1e-12);
  CHECK(std::abs(least(second_moment(centred))) < 1e-12);
  CHECK(least(second_moment(read)) > 1e-3);
}

TEST_CASE("whitening: the best rank-r change for inputs with second moment C") {
  const Index d = 8, k = 6, r = 2, n = 500;
  // Inputs that hardly fill their space
  MatrixXd X = gaussian_matrix(n, k, 1, "X") * diagonal(VectorXd{{3, 2, 1, 0.5, 0.1, 0.05}}) *
               random_basis(k, k, 1, "turn");
  const MatrixXd C = X.transpose() * X / static_cast<double>(n);
  const auto eigen = eigen_of(C);
  const MatrixXd root = eigen.operatorSqrt(), inverse_root = eigen.operatorInverseSqrt();
  const MatrixXd change = gaussian_matrix(d, k, 1, "change");
  const auto error = [&](const MatrixXd& approximation) {
    return ((change - approximation) * X.transpose()).squaredNorm() / static_cast<double>(n);
  };
  const MatrixXd best = truncated(change * root, r) * inverse_root;
  const VectorXd sigma = svd_of(change * root).singularValues();
  CHECK(error(best) == doctest::Approx(sigma.tail(k - r).squaredNorm()));
  CHECK(error(truncated(change, r)) > 1.2 * error(best));  // the raw SVD is not the best
}

}  // namespace low_rank_theorems_test
