#pragma once

#include <utility>
#include <vector>

#include "lora/plan.h"

namespace lora::inline LOWRANK_PRECISION {

/// Freezes the whole model, wraps the planned projections and names the new parameters. On an error
/// the model is unchanged. Returns the wrapped layers in the model's order; the model owns them.
std::vector<LoraLinear*> inject(nn::Module& model, const LoraConfig& config, std::uint64_t seed);

/// The LoRA layers of a model, with their names, in the model's order.
std::vector<std::pair<std::string, LoraLinear*>> lora_layers(nn::Module& model);

/// Takes the wrappers off: every slot holds its linear again, with the weight it has now (merged or
/// W0).
void unwrap(nn::Module& model);

}  // namespace lora::inline LOWRANK_PRECISION
