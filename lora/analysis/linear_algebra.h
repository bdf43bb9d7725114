#pragma once

#include <Eigen/Core>

/// The decompositions that the low-rank analysis needs, in double, whatever numbers a model has. Each
/// throws std::invalid_argument for a matrix that is empty or not finite.
namespace lora {

using Eigen::MatrixXd;
using Eigen::VectorXd;

/// M = U diag(sigma) Vᵀ with p = min(rows, cols): U (rows,p) and V (cols,p) have orthonormal
/// columns, sigma is not negative and descends. A singular vector is defined up to its sign, those
/// of equal singular values up to a rotation among them, and those of zero up to any.
struct Svd {
  MatrixXd U;
  VectorXd sigma;
  MatrixXd V;
};
Svd svd(const MatrixXd& m);

/// The first r terms of svd(s B A) for B (out,r) and A (r,in), without the product: with the QR
/// decompositions B = Q_B R_B and Aᵀ = Q_A R_A it is Q_B (s R_B R_Aᵀ) Q_Aᵀ, whose middle is at most
/// r x r. It does not change with the gauge, (B, A) -> (B R, R⁻¹ A), as the SVD of A alone does.
/// Throws std::invalid_argument where the shapes do not fit.
Svd svd_of_product(const MatrixXd& B, const MatrixXd& A, double s = 1);

/// An orthonormal basis of the span of the columns of m (d,k), k <= d, which must be independent:
/// Q of m = Q R.
MatrixXd orthonormal_basis(const MatrixXd& m);

/// The square root of a symmetric matrix without negative eigenvalues: its SVD is U diag(λ) Uᵀ, and
/// the root is U diag(√λ) Uᵀ.
MatrixXd square_root(const MatrixXd& symmetric);

/// S with S Sᵀ = such a matrix, V √λ from its eigenvectors V: much faster than square_root for a large
/// one, and as exact where only the large eigenvalues count.
MatrixXd factor_of(const MatrixXd& symmetric);

MatrixXd product(const MatrixXd& a, const MatrixXd& b);     ///< a b
MatrixXd product_tn(const MatrixXd& a, const MatrixXd& b);  ///< aᵀ b
MatrixXd product_nt(const MatrixXd& a, const MatrixXd& b);  ///< a bᵀ

}  // namespace lora
