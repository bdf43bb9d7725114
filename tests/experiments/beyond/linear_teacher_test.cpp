#include <doctest/doctest.h>

#include <cmath>

#include "lora/analysis/low_rank.h"
#include "lora/analysis/subspace.h"

namespace linear_teacher_test {

// The known-rank teacher without a network: y = (W0 + ΔW*) x + σ ε with inputs of second moment
// C = E[x xᵀ]. A change M of W0 has the excess loss ½ E ‖(ΔW* - M) x‖² = ½ ‖(ΔW* - M) C^{1/2}‖²_F.

using doctest::Approx;
using lora::MatrixXd;
using lora::VectorXd;

namespace {

// ½ ‖(ΔW* - M) C^{1/2}‖²_F.
double excess_loss(const MatrixXd& planted, const MatrixXd& M, const MatrixXd& C) {
  const MatrixXd error = planted - M;
  return 0.5 * lora::product(error, C).cwiseProduct(error).sum();  // tr(E C Eᵀ)
}

// The M of rank r with the least excess loss: the SVD of ΔW* C^{1/2} cut off after r terms, times
// C^{-1/2}. What is left is ½ Σ_{i>r} σ² (Eckart & Young 1936). C must be invertible.
MatrixXd best_of_rank(const MatrixXd& planted, const MatrixXd& C, int rank) {
  const lora::Svd c = lora::svd(C);  // U diag(λ) Uᵀ
  const MatrixXd root = lora::square_root(C);
  const MatrixXd inverse_root =
      lora::product_nt(c.U * c.sigma.cwiseSqrt().cwiseInverse().asDiagonal(), c.U);
  const lora::Svd whitened = lora::svd(lora::product(planted, root));
  return lora::product(lora::truncated(whitened, rank), inverse_root);
}

// The excess loss of what n examples say, for the ranks 0 .. min(out, in), mean over `draws` sets
// of noise. The design is orthogonal, Σ x xᵀ = n I, so least squares finds ΔW* + σ/√n G with G of
// independent N(0,1), and its best fit of rank r is the SVD of that, cut off. Below the true rank
// directions are missing, above it noise is fitted, the largest of it first: a valley at r*, in
// which a low rank is better than all of W.
std::vector<double> finite_sample_excess(const MatrixXd& planted, double sigma, long n, int draws,
                                         autograd::Random random) {
  const auto ranks = static_cast<std::size_t>(std::min(planted.rows(), planted.cols())) + 1;
  const double noise = sigma / std::sqrt(static_cast<double>(n));
  std::vector<double> excess(ranks, 0.0);
  for (int draw = 0; draw < draws; ++draw) {
    const lora::Svd found =
        lora::svd(planted + noise * lora::gaussian(planted.rows(), planted.cols(), random));
    MatrixXd error = planted;  // ΔW* - M, from M = 0 term by term
    for (std::size_t r = 0; r < ranks; ++r) {
      if (r > 0) {
        const auto i = static_cast<lora::Index>(r) - 1;
        error -= found.sigma(i) * lora::product_nt(found.U.col(i), found.V.col(i));
      }
      excess[r] += 0.5 * error.squaredNorm() / draws;
    }
  }
  return excess;
}

MatrixXd drawn(lora::Index rows, lora::Index cols, const char* stream) {
  autograd::Random random(8, stream);
  return lora::gaussian(rows, cols, random);
}

}  // namespace

TEST_CASE("the best change of rank r leaves ½ Σ_{i>r} σ² of ΔW* C^{1/2}, exactly") {
  const MatrixXd planted = lora::product(drawn(6, 3, "B"), drawn(3, 5, "A"));
  MatrixXd x = drawn(40, 5, "x");
  for (int i = 0; i < 5; ++i) x.col(i) *= 1 + i;  // inputs that are far from white
  const MatrixXd C = lora::product_tn(x, x) / 40;
  const VectorXd sigma = lora::svd(lora::product(planted, lora::square_root(C))).sigma;
  for (int r = 0; r <= 5; ++r) {
    const MatrixXd best = best_of_rank(planted, C, r);
    const double least = 0.5 * std::pow(lora::eckart_young_error(sigma, r), 2);
    CHECK(excess_loss(planted, best, C) == Approx(least).epsilon(1e-9).scale(1));
    CHECK(lora::svd(best).sigma.tail(5 - r).norm() < 1e-9);
    // Control: the cut-off SVD of ΔW* itself is not the best where inputs are not white.
    if (r == 1 || r == 2)
      CHECK(excess_loss(planted, lora::truncated(lora::svd(planted), r), C) > 1.01 * least);
  }
  CHECK(excess_loss(planted, best_of_rank(planted, C, 3), C) == Approx(0).scale(1));
}

TEST_CASE("with few examples the loss has its valley at the planted rank") {
  autograd::Random random(1, "planted");
  const MatrixXd planted =
      lora::product_nt(lora::random_subspace(64, 4, random), lora::random_subspace(64, 4, random));
  const auto loss = finite_sample_excess(planted, 1, 512, 6, autograd::Random(2, "noise"));
  REQUIRE(loss.size() == 65);
  CHECK(loss[0] == Approx(2));                 // ½ · 4
  CHECK(loss[64] == Approx(4).epsilon(0.05));  // ½ σ² d² / n: all of W
  CHECK(std::min_element(loss.begin(), loss.end()) - loss.begin() == 4);
  for (std::size_t r = 0; r < 4; ++r) CHECK(loss[r] > loss[r + 1]);
  for (std::size_t r = 4; r < 64; ++r) CHECK(loss[r] < loss[r + 1]);
  // Control: without noise there is no valley, only a floor from the planted rank on.
  const auto clean = finite_sample_excess(planted, 0, 512, 1, autograd::Random(2, "noise"));
  CHECK(clean[4] == Approx(0).scale(1));
  CHECK(clean[64] == Approx(0).scale(1));
}

}  // namespace linear_teacher_test
