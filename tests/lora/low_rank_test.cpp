#include "lora/analysis/low_rank.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "lora/analysis/subspace.h"
#include "tests/lora/small_model.h"

namespace low_rank_test {

using namespace lora;
using doctest::Approx;

namespace {

MatrixXd drawn(Index rows, Index cols, const char* stream) {
  autograd::Random random(5, stream);
  return gaussian(rows, cols, random);
}

VectorXd values(std::initializer_list<double> x) {
  VectorXd v(static_cast<Index>(x.size()));
  std::copy(x.begin(), x.end(), v.begin());
  return v;
}

}  // namespace

TEST_CASE("ranks and energy of spectra that can be done by head") {
  const VectorXd flat = values({2, 2, 2, 0}), steep = values({4, 2, 0.3, 0.1});
  CHECK(numerical_rank(flat, 0.15) == 3);
  CHECK(stable_rank(flat) == Approx(3));
  CHECK(effective_rank(flat) == Approx(3));
  CHECK(energy_within(flat, 1) == Approx(1.0 / 3));
  CHECK(energy_within(flat, 9) == 1);
  CHECK(rank_for_energy(flat, 0.5) == 2);
  CHECK(numerical_rank(steep, 0.15) == 2);
  CHECK(numerical_rank(steep, 0.05) == 3);
  CHECK(stable_rank(steep) == Approx((16 + 4 + 0.09 + 0.01) / 16));
  CHECK(numerical_rank(values({0, 0}), 0.15) == 0);
  // exp(-(0.75 log 0.75 + 0.25 log 0.25))
  CHECK(effective_rank(values({3, 1})) == Approx(std::exp(0.5623351446)));
  CHECK(eckart_young_error(values({5, 4, 3}), 1) == Approx(5));
  CHECK(eckart_young_error(values({5, 4, 3}), 7) == 0);
}

TEST_CASE("nothing of rank k is nearer than the cut-off SVD") {
  const MatrixXd m = drawn(7, 4, "m");
  const Svd s = svd(m);
  const double least = eckart_young_error(s.sigma, 2);
  CHECK((m - truncated(s, 2)).norm() == Approx(least));
  CHECK(truncated(s, 9).isApprox(m, 1e-12));
  for (int i = 0; i < 20; ++i) {  // other matrices of rank 2, near and far
    autograd::Random random(static_cast<std::uint64_t>(i), "other");
    const MatrixXd B = s.U.leftCols(2) * s.sigma.head(2).asDiagonal();
    const MatrixXd other = product_nt(B + 0.1 * i * gaussian(7, 2, random),
                                      s.V.leftCols(2) + 0.05 * gaussian(4, 2, random));
    CHECK((m - other).norm() > least);
  }
}

TEST_CASE("a layer's change is decomposed with its scale, whitened and not") {
  nn::Decoder model(small_config(), 1);
  inject(model, everywhere(2, 3), 5);
  perturb_b(model);
  for (const auto& [name, layer] : lora_layers(model)) {
    const Svd s = delta_svd(*layer), whole = svd(layer->delta());
    CHECK(s.sigma.isApprox(whole.sigma.head(2), 1e-6));
    CHECK(truncated(s, 2).isApprox(layer->delta(), 1e-6));
    const Index in = layer->in_features();
    const MatrixXd x = drawn(3, in, "x"), root = square_root(product_tn(x, x) / 3);
    const MatrixXd whitened = product(layer->delta(), root);
    CHECK(truncated(whitened_delta_svd(*layer, root), 2).isApprox(whitened, 1e-6));
    // ‖ΔW C^{1/2}‖²_F = E ‖ΔW x‖²
    CHECK(whitened.squaredNorm() == Approx(product_nt(x, layer->delta()).squaredNorm() / 3));
  }
}

TEST_CASE("a projection between known directions") {
  MatrixXd W(2, 3);
  W << 1, 2, 3, 4, 5, 6;
  const MatrixXd U = MatrixXd::Identity(2, 1), V = MatrixXd::Identity(3, 2);
  CHECK(projected_norm(W, U, V) == Approx(std::sqrt(1 + 4)));
  const Svd s = svd(W);
  CHECK(projected_norm(W, s.U, s.V) == Approx(W.norm()));
  CHECK(projected_norm(W, s.U.leftCols(1), s.V.leftCols(1)) == Approx(s.sigma(0)));
  CHECK(projected_norm(W, s.U.leftCols(1), s.V.rightCols(1)) == Approx(0));
  CHECK_THROWS_AS(projected_norm(W, V, U), std::invalid_argument);
}

TEST_CASE("the random row is ‖W‖ r / √(out in), for a W that is not square") {
  const MatrixXd W = drawn(24, 10, "W");
  const Svd s = svd(W);
  for (const Index r : {1, 3, 8}) {
    const Amplification a = amplification(W, s, s, r, autograd::Random(7, "random row"), 2000);
    CHECK(a.expected_random == Approx(W.norm() * static_cast<double>(r) / std::sqrt(240.0)));
    CHECK(std::abs(a.in_random - a.expected_random) < 4 * a.in_random_error);
    // Control: with r / out it would be another number.
    const double wrong = W.norm() * static_cast<double>(r) / 24;
    CHECK(std::abs(a.in_random - wrong) > 4 * a.in_random_error);
  }
  // The paper's own figures, d = 12288: 61.95 at r = 4 and 64 give 0.0202 and 0.323 (Table 7).
  CHECK(61.95 * 4 / 12288 == Approx(0.02).epsilon(0.05));
  CHECK(61.95 * 64 / 12288 == Approx(0.33).epsilon(0.05));
}

TEST_CASE("amplification of changes along W's top, along its bottom, and of no relation") {
  autograd::Random random(5, "W");
  const Svd s{random_subspace(20, 12, random), VectorXd::LinSpaced(12, 12, 1),
              random_subspace(12, 12, random)};
  const MatrixXd W = truncated(s, 12);
  const auto change = [&](const MatrixXd& U, const MatrixXd& V) {
    return svd(0.5 * product_nt(U, V));  // two singular values of 0.5
  };
  const auto factor = [&](const Svd& delta) {
    return amplification(W, s, delta, 2, autograd::Random(1, "row"));
  };
  const Amplification top = factor(change(s.U.leftCols(2), s.V.leftCols(2)));
  CHECK(top.in_delta == Approx(s.sigma.head(2).norm()));
  CHECK(top.in_delta == Approx(top.in_w));
  CHECK(top.factor() == Approx(0.5 * std::sqrt(2.0) / s.sigma.head(2).norm()));
  const Amplification bottom = factor(change(s.U.rightCols(2), s.V.rightCols(2)));
  CHECK(bottom.in_delta == Approx(s.sigma.tail(2).norm()));
  CHECK(bottom.factor() > top.factor());
  CHECK(bottom.over_random() < 1);
  CHECK(top.over_random() > 1);
  // Left and right of different pairs: W has nothing there.
  CHECK(factor(change(s.U.leftCols(2), s.V.rightCols(2))).in_delta == Approx(0).epsilon(1e-9));
  CHECK_THROWS_AS(amplification(W, s, s, 13, autograd::Random(1, "row")), std::invalid_argument);
  CHECK_THROWS_AS(amplification(W, s, s, 1, autograd::Random(1, "row"), 1), std::invalid_argument);
}

TEST_CASE("half-random levels are the root mean square over the side that is random") {
  const MatrixXd W = drawn(24, 10, "W");
  // Directions that lean towards W's top, so that the three levels differ.
  const Svd own = svd(W);
  const MatrixXd U = orthonormal_basis(own.U.leftCols(3) + 0.2 * drawn(24, 3, "U"));
  const MatrixXd V = orthonormal_basis(own.V.leftCols(3) + 0.2 * drawn(10, 3, "V"));
  const HalfRandom level = half_random_norms(W, U, V);
  constexpr int draws = 4000;
  autograd::Random random(3, "half random");
  VectorXd outputs_drawn(draws), inputs_drawn(draws);  // squares
  for (Index i = 0; i < draws; ++i) {
    const double with_v = projected_norm(W, random_subspace(24, 3, random), V);
    const double with_u = projected_norm(W, U, random_subspace(10, 3, random));
    outputs_drawn(i) = with_v * with_v, inputs_drawn(i) = with_u * with_u;
  }
  // In standard errors of the mean of the squares.
  const auto off = [](const VectorXd& squares, double value) {
    const double sd = std::sqrt((squares.array() - squares.mean()).square().mean());
    return (squares.mean() - value * value) / (sd / std::sqrt(squares.size()));
  };
  CHECK(std::abs(off(outputs_drawn, level.inputs_kept)) < 4);
  CHECK(std::abs(off(inputs_drawn, level.outputs_kept)) < 4);
  // Controls: not the other side's, not that of random directions on both sides, not with the other
  // dimension under the root.
  CHECK(std::abs(off(outputs_drawn, level.outputs_kept)) > 4);
  CHECK(std::abs(off(inputs_drawn, level.inputs_kept)) > 4);
  CHECK(std::abs(off(outputs_drawn, expected_random_norm(W, 3))) > 4);
  CHECK(std::abs(off(outputs_drawn, level.inputs_kept * std::sqrt(24.0 / 10))) > 4);
  // Both sides together are more than either.
  CHECK(projected_norm(W, U, V) > std::max(level.inputs_kept, level.outputs_kept));
  CHECK_THROWS_AS(half_random_norms(W, V, U), std::invalid_argument);
}

TEST_CASE("the position by logarithm is 0 for random directions, 1 for W's own, and the paper's") {
  const auto position = [](double random, double in_delta, double in_w) {
    Amplification a;
    a.expected_random = random, a.in_delta = in_delta, a.in_w = in_w;
    return a.log_position();
  };
  CHECK(position(0.5, 0.5, 8) == Approx(0));
  CHECK(position(0.5, 8, 8) == Approx(1));
  CHECK(position(0.5, 2, 8) == Approx(0.5));
  CHECK(position(0.5, 0.25, 8) < 0);
  CHECK(position(61.95 * 4 / 12288, 0.32, 21.67) == Approx(0.396).epsilon(0.01));  // r = 4
  CHECK(position(61.95 * 64 / 12288, 1.90, 37.71) == Approx(0.372).epsilon(0.01));
}

}  // namespace low_rank_test
