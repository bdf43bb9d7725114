#pragma once

#include "nn/files/checkpoint.h"
#include "nn/recurrent/recurrent_lm.h"

/// A recurrent language model in one safetensors file, as a decoder's checkpoint (checkpoint.h).
namespace nn::inline LOWRANK_PRECISION {

/// {"architecture":"lstm","vocabulary":177,...}: by the first member it is told from a decoder's.
std::string to_json(const RecurrentLmConfig& config);

/// Throws CheckpointError as decoder_config_from_json.
RecurrentLmConfig recurrent_lm_config_from_json(std::string_view text);

/// Name and shape of every parameter; nothing is allocated but the list.
Shapes parameter_shapes(const RecurrentLmConfig& config);

/// As for a decoder.
void save_checkpoint(const std::filesystem::path& path, RecurrentLm& model,
                     const Metadata& extra = {});

/// As load_checkpoint for a decoder's; a decoder's file is refused.
std::unique_ptr<RecurrentLm> load_recurrent_lm(const std::filesystem::path& path);

}  // namespace nn::inline LOWRANK_PRECISION
