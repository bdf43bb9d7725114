#pragma once

#include <functional>
#include <map>

#include "lora/analysis/linear_algebra.h"
#include "nn/module.h"

namespace lora::inline LOWRANK_PRECISION {

/// C = E[x xᵀ] (in,in) of the inputs x of every projection of the model, by its name, while `run`
/// passes data through the model. The sum is in double, over the rows of all forward passes.
///
/// The inputs of a projection do not fill R^in (a layer norm alone takes two dimensions away), so a
/// change is compared as ΔW C^{1/2}: see whitened_delta_svd. Projections that see no row are left
/// out. The model is as it was afterwards, also when `run` throws.
std::map<std::string, MatrixXd> input_second_moments(nn::Module& model,
                                                     const std::function<void()>& run);

}  // namespace lora::inline LOWRANK_PRECISION
