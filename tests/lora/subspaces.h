#pragma once

#include <Eigen/Eigenvalues>
#include <Eigen/LU>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <cmath>
#include <string>

#include "autograd/random.h"

/// What the tests of the paper's low-rank analysis share, in double and in Eigen's own terms:
/// random matrices and subspaces, and the two quantities of its section 7.
/// docs/low-rank-analysis.md has the mathematics.

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

inline MatrixXd gaussian_matrix(Index rows, Index cols, std::uint64_t seed,
                                const std::string& name) {
  autograd::Random random(seed, name);
  MatrixXd m(rows, cols);
  for (double& x : m.reshaped()) x = random.normal();
  return m;
}

/// d x r with orthonormal columns, uniform among such: the Q of a Gaussian matrix.
inline MatrixXd random_basis(Index d, Index r, std::uint64_t seed, const std::string& name) {
  const MatrixXd gaussian = gaussian_matrix(d, r, seed, name);
  const Eigen::HouseholderQR<MatrixXd> qr(gaussian);
  return qr.householderQ() * MatrixXd::Identity(d, r);
}

/// d x r with a rank of r, the product of two Gaussian matrices.
inline MatrixXd low_rank(Index rows, Index cols, Index rank, std::uint64_t seed) {
  return gaussian_matrix(rows, rank, seed, "left") * gaussian_matrix(rank, cols, seed, "right");
}

inline Eigen::JacobiSVD<MatrixXd> svd_of(const MatrixXd& m) {
  return Eigen::JacobiSVD<MatrixXd>(m, Eigen::ComputeThinU | Eigen::ComputeThinV);
}

/// Equation 4 of the paper for two bases with orthonormal columns: ‖UᵀV‖² / min(i, j).
inline double phi(const MatrixXd& U, const MatrixXd& V) {
  return (U.transpose() * V).squaredNorm() / static_cast<double>(std::min(U.cols(), V.cols()));
}

/// The projection metric of appendix G, √(p - Σ σ²) with the singular values σ of UᵀV.
inline double projection_metric(const MatrixXd& U, const MatrixXd& V) {
  const double p = static_cast<double>(std::min(U.cols(), V.cols()));
  return std::sqrt(std::max(0.0, p - svd_of(U.transpose() * V).singularValues().squaredNorm()));
}
