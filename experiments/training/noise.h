#pragma once

#include <map>
#include <vector>

#include "experiments/training/pretrain.h"
#include "lora/analysis/linear_algebra.h"

/// A null model of what is read out of an adapter: a change that lies where the inputs are strong and
/// the outputs matter to the loss, and has learned nothing.
namespace experiments::training {

/// What the base is on a task, by projection: C = E[x xᵀ] of the inputs, G = E[g gᵀ] of the
/// gradients of its loss in the outputs.
struct Moments {
  std::map<std::string, lora::MatrixXd> inputs, gradients;
};
/// Over the first 250 validation examples. The base has no LoRA, and is as it was afterwards.
Moments moments_of(nn::Model& base, const data::Task& task, const data::TaskOptions& options);

/// ΔW = G^{1/2} N C^{1/2}, with N of independent normal elements: some draws, decomposed.
std::vector<lora::Svd> noise_draws(const lora::MatrixXd& C, const lora::MatrixXd& G,
                                   autograd::Random random, int draws = 21);
/// The same, S N R, from any S with S Sᵀ = G and R with Rᵀ R = C: N is distributed alike in all
/// directions, so which roots they are changes nothing.
std::vector<lora::Svd> noise_from_roots(const lora::MatrixXd& R, const lora::MatrixXd& S,
                                        autograd::Random random, int draws);

/// The root mean square or the mean over the draws of what is read off their first r terms.
struct NoiseReading {
  double in_delta = 0;                 ///< ‖Uᵀ W V‖_F from its first r directions
  double stable_rank = 0, second = 0;  ///< of its first r singular values; σ2/σ1
  lora::MatrixXd similarity_right, similarity_left;  ///< φ of two of them, (r,r)
};
NoiseReading noise_reading(const lora::MatrixXd& W, const std::vector<lora::Svd>& draws,
                           lora::Index r);

/// Of the descending eigenvalues of C, the share that the first tenth of them holds.
double share_of_first_tenth(const lora::VectorXd& eigenvalues);

}  // namespace experiments::training
