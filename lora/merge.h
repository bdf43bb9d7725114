#pragma once

#include "lora/lora_linear.h"

namespace lora::inline LOWRANK_PRECISION {

/// Merges every LoRA layer, or none where one of them cannot be; returns the largest errors. Throws
/// std::logic_error where one is merged already or there is none, NonFiniteMerge.
MergeError merge(nn::Module& model);

/// Unmerges every LoRA layer, or none where one of them is not merged or there is none
/// (std::logic_error).
void unmerge(nn::Module& model);

}  // namespace lora::inline LOWRANK_PRECISION
