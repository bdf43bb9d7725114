#pragma once

#include <filesystem>
#include <optional>

#include "nn/transformer.h"

/// A decoder of nn/ as a checkpoint of GPT-2, which many programs read. The two compute the same:
/// what differs are names, and q, k and v being one matrix.
namespace nn::inline LOWRANK_PRECISION {

/// Writes config.json and model.safetensors into a folder, which is created where it is missing.
/// `end` is the id that ends a text, if one does. A model that GPT-2 cannot hold is refused before
/// anything is written: std::invalid_argument names the parameter that has no place there, such as
/// a prefix's or a wrapped projection's. Throws also nn::FileError.
void write_gpt2(const std::filesystem::path& folder, Decoder& model, std::optional<int> end = {});

/// The projection of GPT-2 that a decoder's projection is in, and its first row there:
/// blocks.1.attn.k is in transformer.h.1.attn.c_attn, from row C on. Throws std::invalid_argument
/// for a name that is none.
struct Gpt2Place {
  std::string name;
  Index begin = 0;
};
Gpt2Place gpt2_place(const std::string& projection, Index width);

}  // namespace nn::inline LOWRANK_PRECISION
