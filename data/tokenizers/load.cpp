#include <fmt/format.h>

#include <string>

#include "data/tokenizers/in_file.h"
#include "data/tokenizers/sentence_piece.h"
#include "data/tokenizers/tokenizer.h"
#include "data/tokenizers/tokenizer_json.h"
#include "data/tokenizers/wordpiece.h"
#include "nn/files/file.h"

namespace data::tokenizers {
namespace {

namespace fs = std::filesystem;
using nn::is_there;

// A vocabulary of a million tokens and its merges take 60 MB. /dev/zero has no end.
constexpr std::size_t largest_file = 256'000'000;

std::string text_of_file(const fs::path& path) {
  std::string text = nn::read_file(path, largest_file + 1);
  if (text.size() > largest_file)
    throw TokenizerError(
        fmt::format("{}: it has more than {} bytes", path.filename().string(), largest_file));
  return text;
}

std::string text_if_there(const fs::path& path) {
  return is_there(path) ? text_of_file(path) : std::string();
}

std::unique_ptr<Tokenizer> from_folder(const fs::path& folder, PieceForm form) {
  const std::string config = text_if_there(folder / "tokenizer_config.json");
  for (const char* name : {"tokenizer.model", "spm.model"})
    if (is_there(folder / name)) {
      if (form == PieceForm::as_configured)
        form = piece_form(config, text_if_there(folder / "config.json"));
      const std::string model = text_of_file(folder / name);
      return in_file(name, [&] { return parse_sentence_piece(model, form); });
    }
  if (form != PieceForm::as_configured)
    throw TokenizerError("a form is of a SentencePiece model, and there is none");
  if (is_there(folder / "vocab.txt"))
    return parse_wordpiece(text_of_file(folder / "vocab.txt"), config);
  if (is_there(folder / "tokenizer.json")) {
    const std::string text = text_of_file(folder / "tokenizer.json");
    return in_file("tokenizer.json", [&] { return parse_tokenizer_json(text); });
  }
  if (is_there(folder / "vocab.json") && is_there(folder / "merges.txt")) {
    // Tokens that were added later, by older libraries.
    if (is_there(folder / "added_tokens.json"))
      throw TokenizerError("added_tokens.json is not supported without a tokenizer.json");
    return parse_vocabulary_and_merges(text_of_file(folder / "vocab.json"),
                                       text_of_file(folder / "merges.txt"), config);
  }
  throw TokenizerError(
      "there is no tokenizer: no tokenizer.model, spm.model, vocab.txt, tokenizer.json, nor "
      "vocab.json with merges.txt");
}

}  // namespace

std::unique_ptr<Tokenizer> load_tokenizer(const fs::path& folder, PieceForm form) {
  return in_file(folder.string(), [&] { return from_folder(folder, form); });
}

}  // namespace data::tokenizers
