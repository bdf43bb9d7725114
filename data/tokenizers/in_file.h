#pragma once

#include <fmt/format.h>

#include <string_view>

#include "data/tokenizers/tokenizer.h"

namespace data::tokenizers {

/// What `read` returns. The message of a TokenizerError gets the name of the file in front.
template <class Read>
auto in_file(std::string_view file, Read read) {
  try {
    return read();
  } catch (const TokenizerError& error) {
    throw TokenizerError(fmt::format("{}: {}", file, error.what()));
  }
}

}  // namespace data::tokenizers
