#pragma once

#include "autograd/random.h"
#include "lora/analysis/linear_algebra.h"
#include "lora/lora_linear.h"

/// What a matrix and a change of it look like through their singular values: ranks, energy, and how
/// much of W a change of W meets (Hu et al. 2021, section 7.3). Matrices are (out,in), in double.
namespace lora::inline LOWRANK_PRECISION {

// ---- one spectrum: singular values that descend, not all zero where a quotient is taken ---------

/// The number of singular values above threshold * the largest; 0 for a zero matrix.
Index numerical_rank(const VectorXd& sigma, double threshold);

/// ‖M‖²_F / ‖M‖²₂ = Σσ² / σ₁²: at most the rank, and little moved by small singular values.
double stable_rank(const VectorXd& sigma);

/// exp of the entropy of σ / Σσ: as many equal singular values would be as spread (Roy & Vetterli
/// 2007).
double effective_rank(const VectorXd& sigma);

/// Σ_{i<=k} σ² / Σσ²: the part of the energy ‖M‖²_F in the first k directions.
double energy_within(const VectorXd& sigma, Index k);

/// The smallest k whose energy_within is at least `fraction`.
Index rank_for_energy(const VectorXd& sigma, double fraction);

/// √(Σ_{i>k} σ²): the least ‖M - M_k‖_F over all M_k of rank k, reached by cutting the SVD off
/// (Eckart & Young 1936).
double eckart_young_error(const VectorXd& sigma, Index k);

/// M cut off after its first k singular values.
MatrixXd truncated(const Svd& m, Index k);

// ---- ΔW of a layer ------------------------------------------------------------------------------

/// The SVD of ΔW = s B A of a layer, at most r terms.
Svd delta_svd(const LoraLinear& layer);

/// The SVD of ΔW C^{1/2}, with C = E[x xᵀ] (in,in) of the layer's inputs
/// (lora/analysis/activations.h): what ΔW does to inputs that occur. ‖ΔW C^{1/2}‖²_F = E ‖ΔW x‖²,
/// so directions of ΔW that no input has do not count; nothing was there to train them.
Svd whitened_delta_svd(const LoraLinear& layer, const MatrixXd& root_of_C);

// ---- W seen from the directions of ΔW -----------------------------------------------------------

/// ‖Uᵀ W V‖_F with U (out,r) and V (in,r): how much of W lies between two subspaces. The paper
/// prints Uᵀ W Vᵀ, with its V as rows.
double projected_norm(const MatrixXd& W, const MatrixXd& U, const MatrixXd& V);

/// ‖W‖_F r / √(out in): the root mean square of projected_norm over independent random subspaces of
/// r dimensions, since E U Uᵀ = (r/out) I. Table 7's "random" row without drawing.
double expected_random_norm(const MatrixXd& W, Index r);

/// What projected_norm is by chance where one side is kept as it is and the other is uniformly
/// random of the same number r of dimensions: the root mean squares
///
///   inputs_kept  = √(r/out) ‖W V‖_F      since E U Uᵀ = (r/out) I
///   outputs_kept = √(r/in) ‖Uᵀ W‖_F      since E V Vᵀ = (r/in) I
///
/// A change lies where inputs are strong, and so does W, which was trained on the same: V of a
/// change that learned nothing meets W above the level of random directions. Above inputs_kept it
/// is the outputs that meet W too, in the right order.
struct HalfRandom {
  double inputs_kept = 0, outputs_kept = 0;
};
/// U (out,r) and V (in,r). Throws std::invalid_argument where the shapes do not fit.
HalfRandom half_random_norms(const MatrixXd& W, const MatrixXd& U, const MatrixXd& V);

/// One column of Table 7, and what it is to be measured by.
struct Amplification {
  Index r = 0;
  double w_norm = 0;           ///< ‖W‖_F
  double delta_norm = 0;       ///< ‖ΔW‖_F
  double in_delta = 0;         ///< ‖Uᵀ W V‖_F, U and V the first r directions of ΔW
  double in_w = 0;             ///< those of W itself: the most there can be
  double in_random = 0;        ///< root mean square over random ones
  double in_random_error = 0;  ///< standard error of in_random, from the draws
  double expected_random = 0;  ///< expected_random_norm
  HalfRandom half_random;      ///< of the first r directions of ΔW

  /// ‖ΔW‖_F / ‖Uᵀ W V‖_F: by how much the change amplifies what W has in its directions (appendix
  /// H.4). About (‖ΔW‖ / ‖W‖) √(out in) / r for a change that knows nothing of W, so it falls with
  /// r by itself: read it with over_random().
  double factor() const { return delta_norm / in_delta; }
  double over_random() const { return in_delta / expected_random; }

  /// Where in_delta lies between random directions and W's own, by its logarithm: 0 for the first,
  /// 1 for the second, below 0 where W has less than in random ones. In the paper .40 at r = 4 and
  /// .37 at r = 64. It knows nothing of ‖ΔW‖, as factor() does.
  double log_position() const;
};

/// `delta` has at least r terms. Throws std::invalid_argument where the shapes do not fit or
/// `draws` is below 2.
Amplification amplification(const MatrixXd& W, const Svd& W_svd, const Svd& delta, Index r,
                            autograd::Random random, int draws = 100);

}  // namespace lora::inline LOWRANK_PRECISION
