#include "lora/analysis/subspace.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <stdexcept>

namespace lora::inline LOWRANK_PRECISION {

using Eigen::Index;

static void check_lengths(const MatrixXd& U, const MatrixXd& V) {
  if (U.rows() != V.rows() || U.size() == 0 || V.size() == 0)
    throw std::invalid_argument(
        fmt::format("subspaces of one space are compared, not ({},{}) with ({},{})", U.rows(),
                    U.cols(), V.rows(), V.cols()));
}

// ‖U_iᵀ V_j‖² is the sum over the upper left (i,j) block of the squared cosines (u_a · v_b)², so
// the sums of all blocks come from the one product by summing along the rows and then down the
// columns.
MatrixXd similarity_grid(const MatrixXd& U, const MatrixXd& V) {
  check_lengths(U, V);
  MatrixXd phi = product_tn(U, V).cwiseAbs2();
  for (Index j = 1; j < phi.cols(); ++j) phi.col(j) += phi.col(j - 1);
  for (Index i = 1; i < phi.rows(); ++i) phi.row(i) += phi.row(i - 1);
  for (Index i = 0; i < phi.rows(); ++i)
    for (Index j = 0; j < phi.cols(); ++j) phi(i, j) /= static_cast<double>(std::min(i, j) + 1);
  return phi;
}

double similarity(const MatrixXd& U, const MatrixXd& V) {
  const MatrixXd phi = similarity_grid(U, V);
  return phi(phi.rows() - 1, phi.cols() - 1);
}

static void check_sizes(Index i, Index j, Index d) {
  if (std::min(i, j) < 1 || std::max(i, j) > d)
    throw std::invalid_argument(
        fmt::format("subspaces of {} and {} dimensions in {}: valid are 1 to {}", i, j, d, d));
}

double chance_similarity(Index i, Index j, Index d) {
  check_sizes(i, j, d);
  return static_cast<double>(std::max(i, j)) / static_cast<double>(d);
}

double chance_similarity_sd(Index i, Index j, Index d) {
  check_sizes(i, j, d);
  if (d == 1) return 0;
  const auto a = static_cast<double>(i), b = static_cast<double>(j), n = static_cast<double>(d);
  return std::sqrt(2 * a * b * (n - a) * (n - b) / ((n - 1) * (n + 2))) / n / std::min(a, b);
}

double corrected(double phi, Index i, Index j, Index d) {
  const double chance = chance_similarity(i, j, d);
  return chance < 1 ? (phi - chance) / (1 - chance) : std::numeric_limits<double>::quiet_NaN();
}

MatrixXd corrected_grid(const MatrixXd& phi, Index d) {
  MatrixXd result(phi.rows(), phi.cols());
  for (Index i = 0; i < phi.rows(); ++i)
    for (Index j = 0; j < phi.cols(); ++j) result(i, j) = corrected(phi(i, j), i + 1, j + 1, d);
  return result;
}

double largest_cosine(const MatrixXd& U, const MatrixXd& V) {
  check_lengths(U, V);
  return svd(product_tn(U, V)).sigma(0);
}

ChanceLevel chance_largest_cosine(Index i, Index j, Index d, int draws) {
  check_sizes(i, j, d);
  if (draws < 2) throw std::invalid_argument(fmt::format("{} draws have no spread", draws));
  autograd::Random random(0, fmt::format("subspace.largest_cosine.{}.{}.{}", i, j, d));
  // One of the two may as well be the first axes, since only their mutual position counts.
  const MatrixXd axes = MatrixXd::Identity(d, i);
  VectorXd squares(draws);
  for (double& square : squares) {
    const double cosine = largest_cosine(axes, random_subspace(d, j, random));
    square = cosine * cosine;
  }
  const double mean = squares.mean();
  return {mean, std::sqrt((squares.array() - mean).square().sum() / (draws - 1))};
}

double projection_distance(const MatrixXd& U, const MatrixXd& V) {
  check_lengths(U, V);
  const VectorXd cosines = svd(product_tn(U, V)).sigma;  // p of them
  return std::sqrt(std::max(0.0, static_cast<double>(cosines.size()) - cosines.squaredNorm()));
}

MatrixXd gaussian(Index rows, Index cols, autograd::Random& random) {
  MatrixXd m(rows, cols);
  for (double& x : m.reshaped()) x = random.normal();
  return m;
}

// The Gaussian density does not change under a rotation, so neither does that of the span.
MatrixXd random_subspace(Index d, Index k, autograd::Random& random) {
  return orthonormal_basis(gaussian(d, k, random));
}

}  // namespace lora::inline LOWRANK_PRECISION
