#include "lora/analysis/linear_algebra.h"

#include <fmt/format.h>

#include <Eigen/Eigenvalues>
#include <Eigen/QR>
#include <Eigen/SVD>
#include <algorithm>
#include <stdexcept>

// Eigen's decompositions and products in double are slow to compile, and are compiled here once.

namespace lora {

static void check_matrix(const MatrixXd& m, const char* what) {
  if (m.size() == 0)
    throw std::invalid_argument(
        fmt::format("{} of an empty matrix, ({},{})", what, m.rows(), m.cols()));
  if (!m.allFinite())
    throw std::invalid_argument(fmt::format("{} of a matrix that is not finite", what));
}

// One-sided rotations until the columns are orthogonal: slower than bidiagonalisation, and accurate
// for small singular values too, which is where the rank is read.
Svd svd(const MatrixXd& m) {
  check_matrix(m, "the SVD");
  const Eigen::JacobiSVD<MatrixXd> jacobi(m, Eigen::ComputeThinU | Eigen::ComputeThinV);
  return {jacobi.matrixU(), jacobi.singularValues(), jacobi.matrixV()};
}

namespace {

struct Qr {
  MatrixXd Q, R;  // (d,p) and (p,k) with p = min(d,k)
};

Qr thin_qr(const MatrixXd& m) {
  const Eigen::Index p = std::min(m.rows(), m.cols());
  const Eigen::HouseholderQR<MatrixXd> qr(m);
  const MatrixXd R = qr.matrixQR().topRows(p).triangularView<Eigen::Upper>();
  return {qr.householderQ() * MatrixXd::Identity(m.rows(), p), R};
}

}  // namespace

Svd svd_of_product(const MatrixXd& B, const MatrixXd& A, double s) {
  check_matrix(B, "the SVD of a product");
  check_matrix(A, "the SVD of a product");
  if (B.cols() != A.rows())
    throw std::invalid_argument(
        fmt::format("the SVD of a product wants (out,r) and (r,in), not ({},{}) and ({},{})",
                    B.rows(), B.cols(), A.rows(), A.cols()));
  const Qr left = thin_qr(B), right = thin_qr(A.transpose());
  const Svd middle = svd(s * left.R * right.R.transpose());
  return {left.Q * middle.U, middle.sigma, right.Q * middle.V};
}

MatrixXd orthonormal_basis(const MatrixXd& m) {
  check_matrix(m, "a basis");
  if (m.cols() > m.rows())
    throw std::invalid_argument(
        fmt::format("{} columns of {} elements are not independent", m.cols(), m.rows()));
  return thin_qr(m).Q;
}

MatrixXd square_root(const MatrixXd& symmetric) {
  const Svd s = svd(symmetric);
  return s.U * s.sigma.cwiseSqrt().asDiagonal() * s.U.transpose();
}

MatrixXd factor_of(const MatrixXd& symmetric) {
  check_matrix(symmetric, "a factor");
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(symmetric);
  return eigen.eigenvectors() * eigen.eigenvalues().cwiseMax(0).cwiseSqrt().asDiagonal();
}

MatrixXd product(const MatrixXd& a, const MatrixXd& b) { return a * b; }
MatrixXd product_tn(const MatrixXd& a, const MatrixXd& b) { return a.transpose() * b; }
MatrixXd product_nt(const MatrixXd& a, const MatrixXd& b) { return a * b.transpose(); }

}  // namespace lora
