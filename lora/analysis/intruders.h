#pragma once

#include "lora/analysis/linear_algebra.h"

/// Intruder dimensions: singular vectors of a fine-tuned weight that resemble none of the weight
/// before (Shuttleworth et al. 2024, definition 3.1, with |cos| in place of cos, since the sign of
/// a singular vector is arbitrary).
namespace lora::inline LOWRANK_PRECISION {

/// For each of the first k columns y of `tuned` (d,·): max over the columns x of `base` (d,·) of
/// |x · y|. Both hold singular vectors, all of the base's; left ones with left ones. Throws
/// std::invalid_argument where lengths differ or k is not in 1 .. the columns of `tuned`.
VectorXd best_cosines(const MatrixXd& tuned, const MatrixXd& base, Eigen::Index k);

/// How many of the first k are intruders: best cosine below epsilon.
Eigen::Index count_intruders(const VectorXd& best_cosines, double epsilon);

/// The mean of max_i |x_i · y| over random unit vectors y and an orthonormal basis x of R^d, by
/// simulation from a fixed stream: about .33 at d = 64 and .25 at d = 128. A random direction has
/// this best cosine, so an epsilon below it finds nothing.
double chance_best_cosine(Eigen::Index d, int draws = 4000);

}  // namespace lora::inline LOWRANK_PRECISION
