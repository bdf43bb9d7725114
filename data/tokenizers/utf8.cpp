#include "data/tokenizers/utf8.h"

#include <fmt/format.h>
#include <unicode/uchar.h>
#include <unicode/utf8.h>

#include <algorithm>
#include <vector>

#include "data/tokenizers/tokenizer.h"

namespace data::tokenizers {
namespace {

/// What a text begins with, as ICU reads it: a character; or no character, -1, and the longest part
/// of one that is not finished, or one other byte.
struct Start {
  UChar32 point;
  std::size_t length;
  bool is_character() const { return point >= 0; }
};

// U8_NEXT is a macro, whose conversions are ICU's business.
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wconversion"

// Of a text that is not empty. ICU counts in 32 bits, and a character has at most four bytes.
Start start_of(std::string_view text) {
  const std::string_view front = text.substr(0, U8_MAX_LENGTH);
  std::int32_t length = 0;
  UChar32 point = 0;
  U8_NEXT(front.data(), length, static_cast<std::int32_t>(front.size()), point);
  return {point, static_cast<std::size_t>(length)};
}

#pragma GCC diagnostic pop

}  // namespace

void require_utf8(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const Start start = start_of(text.substr(i));
    if (!start.is_character()) throw TokenizerError(fmt::format("byte {} is not UTF-8", i + 1));
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
    text += start.is_character() ? std::string_view(bytes).substr(i, start.length) : "\uFFFD";
    i += start.length;
  }
  return text;
}

std::u32string code_points(std::string_view text) {
  std::u32string points;
  while (!text.empty()) {
    const Start first = start_of(text);
    points += static_cast<char32_t>(first.point);
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
    const Start first = start_of(text);
    if (!u_isUWhiteSpace(first.point)) break;
    text.remove_prefix(first.length);
  }
  return text;
}

std::string_view without_space_at_end(std::string_view text) {
  while (!text.empty()) {
    std::size_t last = text.size() - 1;
    while ((static_cast<unsigned char>(text[last]) & 0xC0) == 0x80) --last;  // not its first byte
    if (!u_isUWhiteSpace(start_of(text.substr(last)).point)) break;
    text = text.substr(0, last);
  }
  return text;
}

}  // namespace data::tokenizers
