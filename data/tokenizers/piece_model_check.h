#pragma once

#include <string_view>

namespace data::tokenizers {

/// Throws TokenizerError where following the normalization table of a SentencePiece model would
/// leave the table. The library follows it as it is.
void check_piece_model(std::string_view model);

}  // namespace data::tokenizers
