#pragma once

#include "autograd/random.h"
#include "lora/analysis/linear_algebra.h"

/// How much two subspaces share: Hu et al. 2021, section 7.2 and appendix G. A subspace is given by
/// orthonormal columns, the most important first, as an SVD gives them.
namespace lora::inline LOWRANK_PRECISION {

/// φ(i,j) = ‖U_iᵀ V_j‖²_F / min(i,j) for U (d,m) and V (d,n), with U_i the first i columns of U:
/// element (i-1, j-1) of the result (m,n). It lies in [0, 1]: 0 where the two are orthogonal, 1
/// where one contains the other. Hu et al. 2021, equation 4.
///
/// Throws std::invalid_argument where the columns have different lengths. Whether they are
/// orthonormal is the caller's word.
MatrixXd similarity_grid(const MatrixXd& U, const MatrixXd& V);

/// φ of the whole of U and V.
double similarity(const MatrixXd& U, const MatrixXd& V);

/// What φ(i,j) is for independent, uniformly random subspaces of R^d: its mean, max(i,j)/d, and its
/// standard deviation. φ without these says little: at d = 64, φ(1,8) is 0.125 for nothing.
///
///   E ‖U_iᵀ V_j‖² = i j / d         since E V Vᵀ = (j/d) I
///   Var ‖U_iᵀ V_j‖² = 2 i j (d-i)(d-j) / (d² (d-1)(d+2)),
/// for i = 1 the variance of the Beta distribution of a squared cosine.
///
/// Throws std::invalid_argument unless 1 <= i, j <= d.
double chance_similarity(Eigen::Index i, Eigen::Index j, Eigen::Index d);
double chance_similarity_sd(Eigen::Index i, Eigen::Index j, Eigen::Index d);

/// (φ - φ0) / (1 - φ0) with φ0 the chance level: 0 for chance, 1 for identical. Where φ0 = 1 (one
/// of the two is all of R^d) it says nothing, and is NaN.
double corrected(double phi, Eigen::Index i, Eigen::Index j, Eigen::Index d);
MatrixXd corrected_grid(const MatrixXd& phi, Eigen::Index d);

/// The cosine of the smallest angle between the spans of U and V, their largest principal cosine:
/// the largest singular value of Uᵀ V. It finds one shared direction wherever in the two orders it
/// stands, also where the first two have about equal singular values and have changed places, which
/// φ(1,1) does not. Throws as similarity_grid.
double largest_cosine(const MatrixXd& U, const MatrixXd& V);

/// The square of largest_cosine for independent, uniformly random subspaces of R^d with i and j
/// dimensions: mean and standard deviation, by simulation from a fixed stream. It is far above that
/// of φ, since it is the best of many: .52 ± .06 for 8 and 16 dimensions of 64. Throws as
/// chance_similarity, and for fewer than 2 draws.
struct ChanceLevel {
  double mean = 0, sd = 0;
  double corrected(double value) const { return (value - mean) / (1 - mean); }  ///< as φ's
};
ChanceLevel chance_largest_cosine(Eigen::Index i, Eigen::Index j, Eigen::Index d, int draws = 400);

/// The projection metric √(p - Σσ²) with σ the singular values of Uᵀ V, the cosines of the
/// principal angles, and p = min(i,j). Then φ = 1 - distance²/p. (Appendix G of the paper prints (1
/// - distance²)/p, which is 1/p for identical subspaces.)
double projection_distance(const MatrixXd& U, const MatrixXd& V);

/// A uniformly random subspace of R^d: an orthonormal basis of k Gaussian columns.
MatrixXd random_subspace(Eigen::Index d, Eigen::Index k, autograd::Random& random);

/// Independent N(0, 1) in double.
MatrixXd gaussian(Eigen::Index rows, Eigen::Index cols, autograd::Random& random);

}  // namespace lora::inline LOWRANK_PRECISION
