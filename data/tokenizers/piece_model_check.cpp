#include "data/tokenizers/piece_model_check.h"

#include <cstdint>
#include <functional>

#include "data/tokenizers/tokenizer.h"

namespace data::tokenizers {
namespace {

[[noreturn]] void refuse_model() {
  throw TokenizerError("it is no SentencePiece model: its fields or its normalization are broken");
}

/// The fields of a protocol buffer, of which those that have a length go to `use` with their
/// number.
class Fields {
 public:
  using Use = std::function<void(std::uint64_t number, std::string_view bytes)>;

  Fields(std::string_view message, const Use& use) : rest_(message) {
    while (!rest_.empty()) {
      const std::uint64_t key = number();
      switch (key & 7) {
        case 0:
          number();
          break;
        case 1:
          take(8);
          break;
        case 2:
          use(key >> 3, take(number()));
          break;
        case 5:
          take(4);
          break;
        default:
          refuse_model();
      }
    }
  }

 private:
  // Seven bits a byte, the lowest first; the last byte has its highest bit clear.
  std::uint64_t number() {
    std::uint64_t value = 0;
    for (int shift = 0; shift < 64; shift += 7) {
      const auto byte = static_cast<unsigned char>(take(1)[0]);
      value |= static_cast<std::uint64_t>(byte & 0x7F) << shift;
      if (byte < 0x80) return value;
    }
    refuse_model();
  }

  std::string_view take(std::uint64_t count) {
    if (count > rest_.size()) refuse_model();
    const std::string_view taken = rest_.substr(0, count);
    rest_.remove_prefix(count);
    return taken;
  }

  std::string_view rest_;
};

std::uint32_t word_at(std::string_view bytes, std::size_t index) {
  std::uint32_t word = 0;
  for (std::size_t i = 4; i > 0; --i)
    word = word << 8 | static_cast<unsigned char>(bytes[4 * index + i - 1]);
  return word;
}

// The table is the length of a trie, the trie, and texts that end with a zero. The trie is a double
// array of 32 bits a node (Yata's darts-clone). From node i, byte c leads to i ^ offset(i) ^ c, and
// a node that ends an entry has at i ^ offset(i) the place of its text. A value has its highest bit
// set, with which no step agrees; the first node is the start, whatever it has.
void check_table(std::string_view table) {
  if (table.empty()) return;  // no normalization
  if (table.size() < 4) refuse_model();
  const std::size_t length = word_at(table, 0);
  if (length % 4 != 0 || length > table.size() - 4) refuse_model();
  const std::string_view trie = table.substr(4, length), texts = table.substr(4 + length);
  const std::size_t nodes = length / 4;
  if (nodes == 0 || texts.empty() || texts.back() != '\0') refuse_model();
  for (std::size_t i = 0; i < nodes; ++i) {
    const std::uint32_t node = word_at(trie, i);
    if (i > 0 && node >> 31 != 0) continue;
    const std::size_t offset = (node >> 10) << ((node & 0x200) >> 6);
    const std::size_t next = i ^ (offset & 0xFFFFFFFF);
    if ((next | 0xFF) >= nodes) refuse_model();
    const bool ends_entry = (node & 0x100) != 0;
    if (ends_entry && (word_at(trie, next) & 0x7FFFFFFF) >= texts.size()) refuse_model();
  }
}

}  // namespace

// Fields of sentencepiece_model.proto: 3 is how a text is normalized, 5 how what is decoded is, and
// the table is field 2 of both.
void check_piece_model(std::string_view model) {
  Fields(model, [](std::uint64_t number, std::string_view specification) {
    if (number != 3 && number != 5) return;
    Fields(specification, [](std::uint64_t inner, std::string_view table) {
      if (inner == 2) check_table(table);
    });
  });
}

}  // namespace data::tokenizers
