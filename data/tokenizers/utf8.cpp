#include "data/tokenizers/utf8.h"

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <vector>

#include "data/tokenizers/tokenizer.h"

namespace data::tokenizers {
namespace {

struct Lead {
  std::size_t length;  // of the character that begins with such a byte; 0: none does
  unsigned char lowest = 0x80, highest = 0xBF;  // its second byte
};

// Table 3-7 of the Unicode standard. What it leaves out would be a longer form of a shorter
// character, a surrogate, or beyond U+10FFFF.
Lead lead(unsigned char byte) {
  if (byte < 0x80) return {1};
  if (byte < 0xC2) return {0};
  if (byte < 0xE0) return {2};
  if (byte == 0xE0) return {3, 0xA0, 0xBF};
  if (byte == 0xED) return {3, 0x80, 0x9F};
  if (byte < 0xF0) return {3};
  if (byte == 0xF0) return {4, 0x90, 0xBF};
  if (byte < 0xF4) return {4};
  if (byte == 0xF4) return {4, 0x80, 0x8F};
  return {0};
}

/// What a text begins with: a character, or so many bytes that are none.
struct Start {
  std::size_t length;
  bool is_character;
};

Start start_of(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const Lead wanted = lead(byte(0));
  if (wanted.length == 0) return {1, false};
  for (std::size_t i = 1; i < wanted.length; ++i) {
    const unsigned char lowest = i == 1 ? wanted.lowest : 0x80;
    const unsigned char highest = i == 1 ? wanted.highest : 0xBF;
    if (i == text.size() || byte(i) < lowest || byte(i) > highest) return {i, false};
  }
  return {wanted.length, true};
}

struct Character {
  char32_t point;
  std::size_t length;
};

// Of a text that is UTF-8 and not empty. The first byte of a longer character begins with as many
// ones as the character has bytes, and a zero; each other byte holds six bits.
Character first_character(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const std::size_t length = lead(byte(0)).length;
  char32_t point = length == 1 ? byte(0) : byte(0) & (0x7Fu >> length);
  for (std::size_t i = 1; i < length; ++i) point = point << 6 | (byte(i) & 0x3Fu);
  return {point, length};
}

}  // namespace

void require_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const Start start = start_of(text.substr(i));
    if (!start.is_character) throw TokenizerError(fmt::format("byte {} is not UTF-8", i + 1));
    i += start.length;
  }
}

std::vector<std::string_view> lines_of(std::string_view text) {
  require_utf8(text);
  std::vector<std::string_view> lines;
  while (!text.empty()) {
    const std::size_t end = std::min(text.find('\n'), text.size());
    std::string_view line = text.substr(0, end);
    if (line.ends_with('\r')) line.remove_suffix(1);
    lines.push_back(line);
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return lines;
}

std::string well_formed(std::string bytes) {
  std::string text;
  for (std::size_t i = 0; i < bytes.size();) {
    const Start start = start_of(std::string_view(bytes).substr(i));
    text += start.is_character ? std::string_view(bytes).substr(i, start.length) : "\uFFFD";
    i += start.length;
  }
  return text;
}

std::u32string code_points(std::string_view text) {
  std::u32string points;
  while (!text.empty()) {
    const Character first = first_character(text);
    points += first.point;
    text.remove_prefix(first.length);
  }
  return points;
}

std::string utf8(std::u32string_view text) {
  std::string bytes;
  for (const char32_t c : text) {
    char character[4];
    std::size_t length = 0;
    U8_APPEND_UNSAFE(character, length, c);
    bytes.append(character, length);
  }
  return bytes;
}

bool is_white_space(char32_t c) { return u_isUWhiteSpace(static_cast<UChar32>(c)); }

std::string_view without_space_at_start(std::string_view text) {
  while (!text.empty()) {
    const Character first = first_character(text);
    if (!is_white_space(first.point)) break;
    text.remove_prefix(first.length);
  }
  return text;
}

std::string_view without_space_at_end(std::string_view text) {
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while ((static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;  // not its first byte
    if (!is_white_space(first_character(text.substr(last)).point)) break;
    text = text.substr(0, last);
  }
  return text;
}

}  // namespace data::tokenizers
