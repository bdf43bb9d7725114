#pragma once

#include "lora/files/adapter.h"
#include "nn/models/model_folder.h"

namespace experiments::cli {

/// Puts an adapter onto a model; the only place where that is done. An adapter that was made
/// elsewhere has no fingerprint of its base, and then the user answers for the pair: names and
/// shapes must fit all the same. Throws what lora::load_adapter throws.
lora::AdapterInfo put_adapter(const std::filesystem::path& adapter, nn::Pretrained& model);

/// The model of the folder under the adapter, which may be empty.
std::unique_ptr<nn::Pretrained> load_pretrained(const nn::ModelFolder& folder,
                                                const std::filesystem::path& adapter);

/// "gpt2, a causal language model: 2 layers of width 32, 384 words, at most 48 positions; 31232
/// parameters, of which 1024 train".
std::string about(const nn::ModelFolder& folder, nn::Pretrained& model);

/// Throws UsageError unless --out names a place where a file or folder can be written.
void check_out(const std::filesystem::path& out, std::size_t bytes);

}  // namespace experiments::cli
