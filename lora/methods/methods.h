#pragma once

#include "lora/methods/method.h"

/// The methods, each in a file named after it.
namespace lora::inline LOWRANK_PRECISION::methods {

extern const Method full, top_layers, bitfit, prefix_embedding, prefix_layer, prompt_encoder,
    houlsby_adapter, lin_adapter, lora, lora_prefix;

}  // namespace lora::inline LOWRANK_PRECISION::methods
