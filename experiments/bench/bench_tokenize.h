#pragma once

#include <cstddef>
#include <filesystem>

#include "experiments/namespaces.h"

namespace experiments::bench {

struct TokenizeTiming {
  std::size_t lines = 0, bytes = 0, tokens = 0;  ///< of the text, once
  double load_ms = 0, mb_per_s = 0;              ///< medians of the rounds; 10⁶ bytes a second
};

/// Loads the tokenizer of a folder and turns each line of a text into ids, on one thread. Throws
/// data::tokenizers::TokenizerError and nn::FileError.
TokenizeTiming time_tokenizer(const std::filesystem::path& folder,
                              const std::filesystem::path& text, int rounds);

}  // namespace experiments::bench
