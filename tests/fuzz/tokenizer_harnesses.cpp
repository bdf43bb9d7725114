#include <cstdio>
#include <cstdlib>
#include <memory>

#include "data/tokenizers/regex.h"
#include "data/tokenizers/sentence_piece.h"
#include "data/tokenizers/tokenizer_json.h"
#include "data/tokenizers/utf8.h"
#include "data/tokenizers/wordpiece.h"
#include "tests/fuzz/harnesses.h"

// The readers of tokenizers' files, which want libraries that the other harnesses do without.
namespace {

using namespace data::tokenizers;

void require_of_tokenizer(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

/// Reads a tokenizer, and then some texts with it; what it refuses, it does in one line.
template <class Read>
void read_and_use(Read read) {
  try {
    const std::unique_ptr<Tokenizer> tokenizer = read();
    for (const char* text : {"", " ", "Hello world", "a\u0301 \u4e2d\U0001F600", "<s>##a  b\n"}) {
      const Encoding encoding = tokenizer->encode(text, Special::without);
      for (const int id : encoding.ids)
        require_of_tokenizer(0 <= id && id < tokenizer->size(), "an id out of range");
      require_utf8(tokenizer->decode(encoding.ids));
    }
  } catch (const TokenizerError& error) {
    for (const char c : std::string_view(error.what()))
      require_of_tokenizer(c >= ' ' && c <= '~', "the message is not one line of ASCII");
  }
}

void tokenizer_json(std::string_view text) {
  read_and_use([&] { return parse_tokenizer_json(text); });
}

void wordpiece(std::string_view text) {
  read_and_use([&] { return parse_wordpiece(text, ""); });
}

void sentence_piece(std::string_view model) {
  read_and_use([&] { return parse_sentence_piece(model, PieceForm::plain); });
}

void pattern(std::string_view text) {
  try {
    const Regex regex(text);
    for (const std::string_view sample : {"", "a b", "I'm 12 \n\n x", "\u4e2d \u0301"}) {
      std::string joined;
      for (const std::string_view piece : regex.pieces(sample)) {
        require_of_tokenizer(!piece.empty(), "an empty piece");
        joined += piece;
      }
      require_of_tokenizer(joined == sample, "the pieces are another text");
    }
  } catch (const TokenizerError&) {
  }
}

constexpr Harness all[] = {
    {"tokenizer_json", tokenizer_json},
    {"wordpiece", wordpiece},
    {"sentence_piece", sentence_piece},
    {"pattern", pattern},
};

}  // namespace

std::span<const Harness> harnesses() { return all; }
