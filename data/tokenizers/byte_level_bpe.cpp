#include "data/tokenizers/byte_level_bpe.h"

#include <fmt/format.h>

#include <array>

#include "data/tokenizers/bpe.h"
#include "data/tokenizers/utf8.h"
#include "nn/files/json.h"

namespace data::tokenizers {
namespace {

/// The characters that stand for bytes in a vocabulary: a byte that is a visible Latin-1 character
/// stands for itself, the other 68 are U+0100, U+0101, ... in rising order. So a space is U+0120,
/// "Ġ".
std::array<char32_t, 256> byte_characters() {
  std::array<char32_t, 256> characters{};
  char32_t next = 0x100;
  for (char32_t byte = 0; byte < 256; ++byte) {
    const bool is_visible =
        (byte >= 0x21 && byte <= 0x7E) || (byte >= 0xA1 && byte <= 0xAC) || byte >= 0xAE;
    characters[byte] = is_visible ? byte : next++;
  }
  return characters;
}

/// Between bytes and the characters that stand for them.
class Spelling {
 public:
  Spelling() : characters_(byte_characters()) {
    for (std::size_t byte = 0; byte < 256; ++byte)
      bytes_[characters_[byte]] = static_cast<char>(byte);
  }

  /// Nothing where a character of the token stands for no byte.
  std::optional<std::string> bytes_of(const std::string& token) const {
    std::string bytes;
    for (const char32_t c : code_points(token)) {
      const auto found = bytes_.find(c);
      if (found == bytes_.end()) return std::nullopt;
      bytes += found->second;
    }
    return bytes;
  }

  std::string token_of(unsigned char byte) const { return utf8({&characters_[byte], 1}); }

 private:
  std::array<char32_t, 256> characters_;
  std::unordered_map<char32_t, char> bytes_;
};

class ByteLevelBpe : public Tokenizer {
 public:
  explicit ByteLevelBpe(ByteLevelModel model)
      : Tokenizer(model.frame, model.added.special_ids(), Special::with), model_(std::move(model)) {
    const Spelling spelling;
    for (std::size_t byte = 0; byte < 256; ++byte)
      byte_ids_[byte] = need(spelling.token_of(static_cast<unsigned char>(byte)),
                             fmt::format("the byte 0x{:02X}", byte));
    for (const auto& [token, id] : model_.tokens.ids()) {
      const std::optional<std::string> bytes = spelling.bytes_of(token);
      bytes_[id] = bytes.value_or(token);  // an added token may have a space in it
      if (bytes) whole_[*bytes] = id;
    }
    add_merges();
  }

  int size() const override { return model_.tokens.size(); }
  std::optional<int> id_of(std::string_view token) const override {
    return model_.tokens.id(token);
  }

 private:
  int need(const std::string& token, const std::string& what) const {
    const auto id = model_.tokens.id(token);
    if (!id)
      throw TokenizerError(fmt::format("{} wants the token {}, which the vocabulary does not have",
                                       what, nn::printable(token)));
    return *id;
  }

  void add_merges() {
    std::size_t number = 0;
    for (const auto& [left, right] : model_.merges) {
      const std::string what = fmt::format("merge {}", ++number);
      const int left_id = need(left, what), right_id = need(right, what);
      if (!bpe_.add(left_id, right_id, need(left + right, what)))
        throw TokenizerError(fmt::format("{} is of {} and {}, which have one already", what,
                                         nn::printable(left), nn::printable(right)));
    }
    model_.merges.clear();
  }

  std::vector<int> text_ids(std::string_view text) const override {
    std::vector<int> ids;
    for (const TextPart& part : model_.added.parts(text)) {
      if (part.id) {
        ids.push_back(*part.id);
      } else if (model_.adds_space && !part.text.starts_with(' ')) {
        append_ids(' ' + std::string(part.text), ids);
      } else {
        append_ids(part.text, ids);
      }
    }
    return ids;
  }

  void append_ids(std::string_view text, std::vector<int>& ids) const {
    std::vector<std::string_view> pieces{text};
    for (const Regex& cut : model_.cuts) {
      std::vector<std::string_view> finer;
      for (const std::string_view piece : pieces)
        for (const std::string_view part : cut.pieces(piece)) finer.push_back(part);
      pieces = std::move(finer);
    }
    for (const std::string_view piece : pieces) append_piece(piece, ids);
  }

  void append_piece(std::string_view piece, std::vector<int>& ids) const {
    if (model_.ignores_merges)
      if (const auto whole = whole_.find(piece); whole != whole_.end()) {
        ids.push_back(whole->second);
        return;
      }
    std::vector<int> symbols;
    for (const char c : piece) symbols.push_back(byte_ids_[static_cast<unsigned char>(c)]);
    for (const int id : bpe_.merge(symbols)) ids.push_back(id);
  }

  std::string text_of(std::span<const int> ids) const override {
    std::string bytes;
    for (const int id : ids) {
      model_.tokens.token(id);  // throws where there is none
      bytes += bytes_.at(id);
    }
    return bytes;
  }

  ByteLevelModel model_;
  Bpe bpe_;
  std::array<int, 256> byte_ids_{};
  std::unordered_map<int, std::string> bytes_;  // by id
  TextTable<int> whole_;                        // ids by bytes
};

}  // namespace

std::optional<std::pair<std::string, std::string>> two_tokens(std::string_view text) {
  const std::size_t space = text.find(' ');
  if (space == std::string_view::npos || text.find(' ', space + 1) != std::string_view::npos)
    return std::nullopt;
  return std::pair{std::string(text.substr(0, space)), std::string(text.substr(space + 1))};
}

std::unique_ptr<Tokenizer> byte_level_bpe(ByteLevelModel model) {
  return std::make_unique<ByteLevelBpe>(std::move(model));
}

}  // namespace data::tokenizers
