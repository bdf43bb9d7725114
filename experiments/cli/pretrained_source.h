#pragma once

#include "lora/interop/attach.h"
#include "nn/models/model_folder.h"

namespace experiments::cli {

/// A model of the folder, and what the adapter on it says of itself.
struct Loaded {
  std::unique_ptr<nn::Pretrained> model;
  lora::PeftConfig adapter;
  /// Of a classifier: the names of its labels in the order of its logits, the adapter's or else the
  /// folder's; empty where neither says them.
  std::vector<std::string> labels;
};

/// What an adapter that was trained here says of itself, in the metadata of its weights' file.
inline constexpr const char* labels_key = "labels";           ///< a list of names, as JSON
inline constexpr const char* base_key = "model_fingerprint";  ///< nn::ModelFolder::fingerprint()

/// The model of the folder under the adapter, which may be empty. An adapter that has a classifier
/// of its own makes the model one. An adapter that was made here is
/// for one base, whose fingerprint it has. One that was made elsewhere has none, and then the user
/// answers for the pair: names and shapes must fit all the same. What is no adapter is refused before
/// the weights of the model are read. Throws as nn::ModelFolder::load, lora::load_adapter and
/// lora::load_peft do.
Loaded load_pretrained(const nn::ModelFolder& folder, const std::filesystem::path& adapter,
                       const nn::ModelOptions& options = {});

/// "gpt2, a causal language model: 2 layers of width 32, 384 words, at most 48 positions; 31232
/// parameters, of which 1024 train".
std::string about(const nn::ModelFolder& folder, nn::Pretrained& model);

/// What libraries look for beside a model's weights, by name, so that what is written can take its
/// place. All else in the folder stays there: it may be anything.
std::map<std::string, std::string> companions_of(const std::filesystem::path& folder);
/// Writes them, and returns their names.
std::vector<std::string> write_companions(const std::map<std::string, std::string>& companions,
                                          const std::filesystem::path& out);

/// The names, or where there are none what transformers calls labels without a name: LABEL_0.
std::vector<std::string> labels_or_numbers(const std::vector<std::string>& names, nn::Index count);

/// Throws UsageError unless --out names a place where a file or folder can be written.
void check_out(const std::filesystem::path& out, std::size_t bytes);

}  // namespace experiments::cli
