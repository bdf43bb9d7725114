#include "lora/analysis/low_rank.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "lora/analysis/subspace.h"

namespace lora::inline LOWRANK_PRECISION {

Index numerical_rank(const VectorXd& sigma, double threshold) {
  if (sigma.size() == 0) return 0;
  return (sigma.array() > threshold * sigma(0)).count();
}

double stable_rank(const VectorXd& sigma) { return sigma.squaredNorm() / (sigma(0) * sigma(0)); }

double effective_rank(const VectorXd& sigma) {
  const double sum = sigma.sum();
  double entropy = 0;
  for (const double s : sigma)
    if (s > 0) entropy -= s / sum * std::log(s / sum);
  return std::exp(entropy);
}

double energy_within(const VectorXd& sigma, Index k) {
  return sigma.head(std::min(k, sigma.size())).squaredNorm() / sigma.squaredNorm();
}

Index rank_for_energy(const VectorXd& sigma, double fraction) {
  for (Index k = 0; k < sigma.size(); ++k)
    if (energy_within(sigma, k) >= fraction) return k;
  return sigma.size();
}

double eckart_young_error(const VectorXd& sigma, Index k) {
  return sigma.tail(std::max<Index>(0, sigma.size() - k)).norm();
}

MatrixXd truncated(const Svd& m, Index k) {
  const Index n = std::min(k, m.sigma.size());
  return product_nt(m.U.leftCols(n) * m.sigma.head(n).asDiagonal(), m.V.leftCols(n));
}

Svd delta_svd(const LoraLinear& layer) {
  return svd_of_product(layer.B.value.m.cast<double>(), layer.A.value.m.cast<double>(),
                        layer.scale());
}

Svd whitened_delta_svd(const LoraLinear& layer, const MatrixXd& root_of_C) {
  return svd_of_product(layer.B.value.m.cast<double>(),
                        product(layer.A.value.m.cast<double>(), root_of_C), layer.scale());
}

static void check_directions(const MatrixXd& W, const MatrixXd& U, const MatrixXd& V) {
  if (U.rows() != W.rows() || V.rows() != W.cols())
    throw std::invalid_argument(fmt::format("U ({},{}) and V ({},{}) do not fit W ({},{})",
                                            U.rows(), U.cols(), V.rows(), V.cols(), W.rows(),
                                            W.cols()));
}

double projected_norm(const MatrixXd& W, const MatrixXd& U, const MatrixXd& V) {
  check_directions(W, U, V);
  return product_tn(U, product(W, V)).norm();
}

double expected_random_norm(const MatrixXd& W, Index r) {
  return W.norm() * static_cast<double>(r) / std::sqrt(static_cast<double>(W.size()));
}

HalfRandom half_random_norms(const MatrixXd& W, const MatrixXd& U, const MatrixXd& V) {
  check_directions(W, U, V);
  const auto part = [](Index r, Index d) {
    return std::sqrt(static_cast<double>(r) / static_cast<double>(d));
  };
  return {part(U.cols(), W.rows()) * product(W, V).norm(),
          part(V.cols(), W.cols()) * product_tn(U, W).norm()};
}

double Amplification::log_position() const {
  return std::log(in_delta / expected_random) / std::log(in_w / expected_random);
}

namespace {

struct RootMeanSquare {
  double value, error;
};

// Of the projected norm over random subspaces. By the delta method the error of √m, m the mean of
// the squares, is the error of m divided by 2 √m.
RootMeanSquare random_norm(const MatrixXd& W, Index r, autograd::Random& random, int draws) {
  VectorXd squares(draws);
  for (double& square : squares) {
    const MatrixXd U = random_subspace(W.rows(), r, random);
    const double norm = projected_norm(W, U, random_subspace(W.cols(), r, random));
    square = norm * norm;
  }
  const double mean = squares.mean();
  const double variance = (squares.array() - mean).square().sum() / (draws - 1);
  const double root = std::sqrt(mean);
  return {root, root > 0 ? std::sqrt(variance / draws) / (2 * root) : 0};
}

}  // namespace

Amplification amplification(const MatrixXd& W, const Svd& W_svd, const Svd& delta, Index r,
                            autograd::Random random, int draws) {
  if (r < 1 || r > delta.sigma.size() || r > W_svd.sigma.size())
    throw std::invalid_argument(
        fmt::format("{} directions of a change that has {}, of a W that has {}", r,
                    delta.sigma.size(), W_svd.sigma.size()));
  if (draws < 2) throw std::invalid_argument(fmt::format("{} draws have no spread", draws));
  const RootMeanSquare by_chance = random_norm(W, r, random, draws);
  const MatrixXd U = delta.U.leftCols(r), V = delta.V.leftCols(r);
  return {.r = r,
          .w_norm = W.norm(),
          .delta_norm = delta.sigma.norm(),
          .in_delta = projected_norm(W, U, V),
          .in_w = W_svd.sigma.head(r).norm(),
          .in_random = by_chance.value,
          .in_random_error = by_chance.error,
          .expected_random = expected_random_norm(W, r),
          .half_random = half_random_norms(W, U, V)};
}

}  // namespace lora::inline LOWRANK_PRECISION
