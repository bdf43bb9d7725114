#pragma once

#include <memory>
#include <string_view>

#include "data/tokenizers/tokenizer.h"

namespace data::tokenizers {

/// A byte-level BPE from the text of a tokenizer.json, as GPT-2, RoBERTa and LLaMA-3 have it. All
/// of its settings are understood, or refused by name. Throws TokenizerError.
std::unique_ptr<Tokenizer> parse_tokenizer_json(std::string_view text);

/// The same model from the texts of vocab.json and merges.txt, which do not say how it is used.
/// `config` is the text of tokenizer_config.json, whose tokenizer_class is GPT2Tokenizer,
/// RobertaTokenizer or DebertaTokenizer (with "Fast" or without); empty for none, which is GPT-2.
/// Throws TokenizerError, which names the file.
std::unique_ptr<Tokenizer> parse_vocabulary_and_merges(std::string_view vocabulary,
                                                       std::string_view merges,
                                                       std::string_view config);

}  // namespace data::tokenizers
