#include "tests/lora/subspaces.h"

#include <Eigen/LU>
#include <Eigen/QR>
#include <algorithm>
#include <cmath>

// Eigen's decompositions are slow to compile, and are compiled here once.

MatrixXd gaussian_matrix(Index rows, Index cols, std::uint64_t seed, const std::string& name) {
  autograd::Random random(seed, name);
  MatrixXd m(rows, cols);
  for (double& x : m.reshaped()) x = random.normal();
  return m;
}

MatrixXd random_basis(Index d, Index r, std::uint64_t seed, const std::string& name) {
  return qr_of(gaussian_matrix(d, r, seed, name)).Q;
}

MatrixXd low_rank(Index rows, Index cols, Index rank, std::uint64_t seed) {
  return gaussian_matrix(rows, rank, seed, "left") * gaussian_matrix(rank, cols, seed, "right");
}

Eigen::JacobiSVD<MatrixXd> svd_of(const MatrixXd& m) {
  return Eigen::JacobiSVD<MatrixXd>(m, Eigen::ComputeThinU | Eigen::ComputeThinV);
}

Eigen::SelfAdjointEigenSolver<MatrixXd> eigen_of(const MatrixXd& symmetric) {
  return Eigen::SelfAdjointEigenSolver<MatrixXd>(symmetric);
}

ThinQr qr_of(const MatrixXd& m) {
  const Eigen::HouseholderQR<MatrixXd> qr(m);
  return {qr.householderQ() * MatrixXd::Identity(m.rows(), m.cols()),
          qr.matrixQR().topRows(m.cols()).triangularView<Eigen::Upper>()};
}

MatrixXd kernel_of(const MatrixXd& m) { return m.fullPivLu().kernel(); }

Index kernel_dimension(const MatrixXd& m) { return m.fullPivLu().dimensionOfKernel(); }

double phi(const MatrixXd& U, const MatrixXd& V) {
  return (U.transpose() * V).squaredNorm() / static_cast<double>(std::min(U.cols(), V.cols()));
}

double projection_metric(const MatrixXd& U, const MatrixXd& V) {
  const double p = static_cast<double>(std::min(U.cols(), V.cols()));
  return std::sqrt(std::max(0.0, p - svd_of(U.transpose() * V).singularValues().squaredNorm()));
}
