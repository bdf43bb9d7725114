#pragma once

#include <functional>
#include <map>
#include <set>

#include "lora/analysis/linear_algebra.h"
#include "nn/module.h"

namespace lora::inline LOWRANK_PRECISION {

/// C = E[x xᵀ] (in,in) of the inputs x of every projection of the model, by its name, while `run`
/// passes data through the model. The sum is in double, over the rows of all forward passes.
///
/// The inputs of a projection do not fill R^in evenly, so a
/// change is compared as ΔW C^{1/2}: see whitened_delta_svd. Projections that see no row are left
/// out. The model is as it was afterwards, also when `run` throws.
///
/// `only` names those that are wanted, where not all are: the moments of all of a large model would
/// not fit into memory.
std::map<std::string, MatrixXd> input_second_moments(nn::Module& model,
                                                     const std::function<void()>& run,
                                                     const std::set<std::string>& only = {});

/// G = E[g gᵀ] (out,out) of the gradients g of the loss in the outputs of every projection, by its
/// name, while `run` passes data through the model and back. A change that is made of gradients
/// writes where they are large, as it reads where inputs are. Projections through whose output no
/// gradient flows back are left out, as are all where nothing trains. The model is as it was
/// afterwards, also when `run` throws, but for the gradients of its parameters.
std::map<std::string, MatrixXd> output_gradient_moments(nn::Module& model,
                                                        const std::function<void()>& run,
                                                        const std::set<std::string>& only = {});

}  // namespace lora::inline LOWRANK_PRECISION
