#pragma once

#include "lora/interop/portable.h"

/// Adapters of MLX LM for LLaMA: a folder with adapters.safetensors, whose keys are
/// model.layers.<i>.<key>.lora_a (in,r) and .lora_b (r,out), for DoRA .m (out), and
/// adapter_config.json with the scale as it is, not divided by r.
namespace lora::inline LOWRANK_PRECISION {

/// Throws AdapterError, nn::FileError and nn::SafetensorsError.
PortableAdapter read_mlx(const std::filesystem::path& folder);

/// Writes such a folder for a model of so many layers: MLX counts those that are adapted from the
/// last, and adapts the same of each. Throws AdapterError, with nothing written, for what the form
/// cannot hold.
void write_mlx(const std::filesystem::path& folder, const PortableAdapter& adapter, Index layers);

}  // namespace lora::inline LOWRANK_PRECISION
