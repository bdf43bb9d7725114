#pragma once

#include "lora/interop/attach.h"
#include "nn/models/model_folder.h"

namespace experiments::cli {

/// A model of the folder, and what the adapter on it says of itself.
struct Loaded {
  std::unique_ptr<nn::Pretrained> model;
  lora::PeftConfig adapter;
};

/// The model of the folder under the adapter, which may be empty. An adapter that was made here is
/// for one base, whose fingerprint it has. One that was made elsewhere has none, and then the user
/// answers for the pair: names and shapes must fit all the same. What is no adapter is refused before
/// the weights of the model are read. Throws as nn::ModelFolder::load, lora::load_adapter and
/// lora::load_peft do.
Loaded load_pretrained(const nn::ModelFolder& folder, const std::filesystem::path& adapter);

/// "gpt2, a causal language model: 2 layers of width 32, 384 words, at most 48 positions; 31232
/// parameters, of which 1024 train".
std::string about(const nn::ModelFolder& folder, nn::Pretrained& model);

/// Throws UsageError unless --out names a place where a file or folder can be written.
void check_out(const std::filesystem::path& out, std::size_t bytes);

}  // namespace experiments::cli
