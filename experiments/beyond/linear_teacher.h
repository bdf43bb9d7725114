#pragma once

#include <vector>

#include "autograd/random.h"
#include "experiments/namespaces.h"
#include "lora/analysis/linear_algebra.h"

/// The known-rank teacher without a network: y = (W0 + ΔW*) x + σ ε with inputs of second moment
/// C = E[x xᵀ]. A change M of W0 has the excess loss ½ E ‖(ΔW* - M) x‖² = ½ ‖(ΔW* - M) C^{1/2}‖²_F.
namespace experiments::beyond {

/// ½ ‖(ΔW* - M) C^{1/2}‖²_F.
double excess_loss(const lora::MatrixXd& planted, const lora::MatrixXd& M, const lora::MatrixXd& C);

/// The M of rank r with the least excess loss: the SVD of ΔW* C^{1/2} cut off after r terms, times
/// C^{-1/2}. What is left is ½ Σ_{i>r} σ² (Eckart & Young 1936). C must be invertible.
lora::MatrixXd best_of_rank(const lora::MatrixXd& planted, const lora::MatrixXd& C, int rank);

/// The excess loss of what n examples say, for the ranks 0 .. min(out, in), mean over `draws` sets
/// of noise. The design is orthogonal, Σ x xᵀ = n I, so least squares finds ΔW* + σ/√n G with G of
/// independent N(0,1), and its best fit of rank r is the SVD of that, cut off. Below the true rank
/// directions are missing, above it noise is fitted, the largest of it first: a valley at r*, in
/// which a low rank is better than all of W.
std::vector<double> finite_sample_excess(const lora::MatrixXd& planted, double sigma, long n,
                                         int draws, autograd::Random random);

}  // namespace experiments::beyond
