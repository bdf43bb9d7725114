#pragma once

#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/tokenizers/added_tokens.h"
#include "data/tokenizers/regex.h"
#include "data/tokenizers/tokenizer.h"
#include "data/tokenizers/vocabulary.h"

namespace data::tokenizers {

/// GPT-2's pattern: a contraction, a word, a number or signs, each with the space before it; and
/// white space, of which the last is left to the word after it.
constexpr std::string_view gpt2_pattern =
    R"('s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+)";

/// The two tokens of a merge, "ab cd"; nothing where a text is not two with one space between.
std::optional<std::pair<std::string, std::string>> two_tokens(std::string_view text);

/// What the files of a byte-level BPE say.
struct ByteLevelModel {
  TokenTable tokens;  ///< as they are spelt, with a character for each byte
  std::vector<std::pair<std::string, std::string>> merges;
  std::vector<Regex> cuts;  ///< each cuts what the one before it left; merges stay within a piece
  bool adds_space = false;  ///< before a text that does not begin with one
  bool ignores_merges = false;  ///< a piece that is a token is taken whole
  AddedTokens added;
  Template frame;
};

/// The tokenizer of a model. Throws TokenizerError where a byte has no token, or a merge names one
/// that is not there.
std::unique_ptr<Tokenizer> byte_level_bpe(ByteLevelModel model);

}  // namespace data::tokenizers
