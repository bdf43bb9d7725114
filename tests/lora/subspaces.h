#pragma once

#include <Eigen/Eigenvalues>
#include <Eigen/SVD>
#include <string>

#include "autograd/random.h"

/// What the tests of the paper's low-rank analysis share, in double and in Eigen's own terms:
/// random matrices and subspaces, and the two quantities of its section 7.
/// docs/low-rank-analysis.md has the mathematics.

using Eigen::Index;
using Eigen::MatrixXd;
using Eigen::VectorXd;

MatrixXd gaussian_matrix(Index rows, Index cols, std::uint64_t seed, const std::string& name);

/// d x r with orthonormal columns, uniform among such: the Q of a Gaussian matrix.
MatrixXd random_basis(Index d, Index r, std::uint64_t seed, const std::string& name);

/// d x r with a rank of r, the product of two Gaussian matrices.
MatrixXd low_rank(Index rows, Index cols, Index rank, std::uint64_t seed);

Eigen::JacobiSVD<MatrixXd> svd_of(const MatrixXd& m);

Eigen::SelfAdjointEigenSolver<MatrixXd> eigen_of(const MatrixXd& symmetric);

/// m (d,r) = Q R: Q (d,r) has orthonormal columns, R (r,r) is upper triangular.
struct ThinQr {
  MatrixXd Q, R;
};
ThinQr qr_of(const MatrixXd& m);

/// A basis of the x with m x = 0, as columns; a column of zeros where there is no other.
MatrixXd kernel_of(const MatrixXd& m);
Index kernel_dimension(const MatrixXd& m);

/// Equation 4 of the paper for two bases with orthonormal columns: ‖UᵀV‖² / min(i, j).
double phi(const MatrixXd& U, const MatrixXd& V);

/// The projection metric of appendix G, √(p - Σ σ²) with the singular values σ of UᵀV.
double projection_metric(const MatrixXd& U, const MatrixXd& V);
