#pragma once

#include <memory>
#include <string_view>

#include "data/tokenizers/tokenizer.h"

namespace data::tokenizers {

/// A model of the SentencePiece library, BPE or unigram, from the bytes of its file. The text is
/// encoded as the library does it: in it no special token is seen. Throws TokenizerError where the
/// bytes are no model, or lack the special tokens of the form.
std::unique_ptr<Tokenizer> parse_sentence_piece(std::string_view model, PieceForm form);

/// The form that a tokenizer_config.json says by its tokenizer_class, or else a config.json by its
/// model_type; each an empty text where there is none. Throws TokenizerError where they want
/// something else of the model.
PieceForm piece_form(std::string_view tokenizer_config, std::string_view model_config);

}  // namespace data::tokenizers
