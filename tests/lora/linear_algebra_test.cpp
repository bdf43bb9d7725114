#include "lora/analysis/linear_algebra.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "lora/analysis/subspace.h"

namespace linear_algebra_test {

using namespace lora;
using doctest::Approx;

namespace {

MatrixXd drawn(Eigen::Index rows, Eigen::Index cols, const char* stream = "m") {
  autograd::Random random(3, stream);
  return gaussian(rows, cols, random);
}

MatrixXd rebuilt(const Svd& s) {
  return s.U.lazyProduct(s.sigma.asDiagonal() * MatrixXd(s.V.transpose()));
}

bool orthonormal(const MatrixXd& m) { return product_tn(m, m).isIdentity(1e-12); }

bool same_up_to_signs(const MatrixXd& a, const MatrixXd& b) {
  return product_tn(a, b).cwiseAbs().isIdentity(1e-9);
}

}  // namespace

TEST_CASE("an SVD gives the matrix back, wide, tall, one row, one column") {
  for (const auto& [rows, cols] : {std::pair{3, 7}, {7, 3}, {1, 5}, {5, 1}, {4, 4}, {1, 1}}) {
    const MatrixXd m = drawn(rows, cols);
    const Svd s = svd(m);
    CHECK(s.sigma.size() == std::min(rows, cols));
    CHECK(rebuilt(s).isApprox(m, 1e-12));
    CHECK(orthonormal(s.U));
    CHECK(orthonormal(s.V));
    for (Eigen::Index i = 0; i + 1 < s.sigma.size(); ++i) CHECK(s.sigma(i) >= s.sigma(i + 1));
  }
}

TEST_CASE("singular values where they are known") {
  MatrixXd m(2, 3);  // m mᵀ = [17 8; 8 17], eigenvalues 25 and 9
  m << 3, 2, 2, 2, 3, -2;
  const Svd s = svd(m);
  CHECK(s.sigma(0) == Approx(5));
  CHECK(s.sigma(1) == Approx(3));
  CHECK(std::abs(s.V(0, 0)) == Approx(std::sqrt(0.5)));  // (1, 1, 0) / √2
  CHECK(s.V(2, 0) == Approx(0));
}

TEST_CASE("vectors are orthonormal for a matrix of low rank and for zero") {
  const MatrixXd m = product(drawn(6, 2), drawn(2, 4));
  for (const Svd& s : {svd(m), svd(MatrixXd::Zero(5, 3))}) {
    CHECK(orthonormal(s.U));
    CHECK(orthonormal(s.V));
  }
  CHECK(svd(m).sigma.tail(2).norm() < 1e-12);
}

TEST_CASE("the SVD of s B A from its factors is that of the product") {
  const MatrixXd B = drawn(9, 3, "B"), A = drawn(3, 5, "A");
  const Svd factors = svd_of_product(B, A, -0.7), whole = svd(-0.7 * product(B, A));
  CHECK(factors.sigma.size() == 3);
  CHECK(factors.sigma.isApprox(whole.sigma.head(3), 1e-12));
  CHECK(rebuilt(factors).isApprox(rebuilt(whole), 1e-12));
  CHECK(same_up_to_signs(factors.U, whole.U.leftCols(3)));
  CHECK(same_up_to_signs(factors.V, whole.V.leftCols(3)));
}

TEST_CASE("the SVD of a product with more terms than a side has") {
  const MatrixXd B = drawn(3, 6, "B"), A = drawn(6, 4, "A");
  const Svd s = svd_of_product(B, A);
  CHECK(s.sigma.size() == 3);
  CHECK(rebuilt(s).isApprox(product(B, A), 1e-12));
}

TEST_CASE("a gauge moves A's directions and not those of B A") {
  const MatrixXd B = drawn(8, 3, "B"), A = drawn(3, 6, "A");
  MatrixXd R(3, 3), inverse(3, 3);  // unit triangular, so the inverse is known exactly
  R << 1, 2, -1, 0, 1, 3, 0, 0, 1;
  inverse << 1, -2, 7, 0, 1, -3, 0, 0, 1;
  REQUIRE(product(R, inverse).isIdentity(0));
  const MatrixXd B2 = product(B, R), A2 = product(inverse, A);
  const Svd before = svd_of_product(B, A, 2), after = svd_of_product(B2, A2, 2);
  CHECK(before.sigma.isApprox(after.sigma, 1e-12));
  CHECK(same_up_to_signs(before.U, after.U));
  CHECK(same_up_to_signs(before.V, after.V));
  // Control: the first right-singular vector of A alone is not the same direction any more.
  CHECK(similarity(svd(A).V.leftCols(1), svd(A2).V.leftCols(1)) < 0.9);
}

TEST_CASE("the root of a covariance squares to it") {
  const MatrixXd x = drawn(3, 5), C = product_tn(x, x);  // (5,5) of rank 3
  const MatrixXd factor = factor_of(C);
  CHECK((factor * factor.transpose() - C).norm() < 1e-12 * C.norm());
  const MatrixXd root = square_root(C);
  CHECK(product(root, root).isApprox(C, 1e-12));
  CHECK(root.isApprox(root.transpose(), 1e-12));
}

TEST_CASE("the products") {
  const MatrixXd a = drawn(2, 3, "a"), b = drawn(3, 4, "b");
  const MatrixXd at = a.transpose(), bt = b.transpose(), c = a.lazyProduct(b);
  CHECK(product(a, b).isApprox(c, 1e-14));
  CHECK(product_tn(at, b).isApprox(c, 1e-14));
  CHECK(product_nt(a, bt).isApprox(c, 1e-14));
}

TEST_CASE("what has no decomposition is refused") {
  MatrixXd nan = drawn(2, 2);
  nan(1, 0) = std::nan("");
  CHECK_THROWS_AS(svd(nan), std::invalid_argument);
  CHECK_THROWS_AS(svd(MatrixXd(0, 3)), std::invalid_argument);
  CHECK_THROWS_AS(svd_of_product(drawn(2, 3), drawn(2, 3)), std::invalid_argument);
  CHECK_THROWS_AS(orthonormal_basis(drawn(2, 3)), std::invalid_argument);
}

}  // namespace linear_algebra_test
