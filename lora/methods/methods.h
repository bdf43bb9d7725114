#pragma once

#include "lora/methods/method.h"

/// The methods, each in a file named after it.
namespace lora::inline LOWRANK_PRECISION::methods {

extern const Method full, top_layers, bitfit, prefix_embedding, prefix_layer, prompt_encoder,
    adapter_h, adapter_l, lora, lora_prefix;

}  // namespace lora::inline LOWRANK_PRECISION::methods
