#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "data/tokenizers/tokenizer.h"

namespace data::tokenizers {

/// How BERT prepares a text before it looks for words.
struct BertNormalization {
  bool lower_case = true;
  bool strip_accents = true;
  bool space_around_cjk = true;  ///< each Chinese character is a word
};

/// The words of a text, as BERT cuts them: white space is dropped and each punctuation mark is a
/// word. Control characters, U+0000 and U+FFFD are left out.
std::vector<std::u32string> bert_words(std::string_view text, const BertNormalization& how);

/// BERT's tokenizer, from the text of its vocab.txt, whose line i (from 0) is the token i. `config`
/// is the text of tokenizer_config.json, empty for none, which is bert-base-uncased's. Throws
/// TokenizerError, which names the file.
std::unique_ptr<Tokenizer> parse_wordpiece(std::string_view vocabulary, std::string_view config);

}  // namespace data::tokenizers
