#include "data/scores/text.h"

#include <cstdint>

namespace data::scores {
namespace {

using namespace std::string_view_literals;

constexpr std::string_view ascii_spaces = " \t\n\v\f\r";
// Unicode's White_Space beyond ASCII, in UTF-8.
constexpr std::string_view other_spaces[] = {
    "\u0085"sv, "\u00A0"sv, "\u1680"sv, "\u2000"sv, "\u2001"sv, "\u2002"sv, "\u2003"sv,
    "\u2004"sv, "\u2005"sv, "\u2006"sv, "\u2007"sv, "\u2008"sv, "\u2009"sv, "\u200A"sv,
    "\u2028"sv, "\u2029"sv, "\u202F"sv, "\u205F"sv, "\u3000"sv};

// The small letter of a letter between U+0080 and U+07FF: of those that take two bytes in UTF-8.
std::uint32_t small(std::uint32_t c) {
  if ((c >= 0xC0 && c <= 0xDE && c != 0xD7) ||     // Latin À to Þ, without ×
      (c >= 0x391 && c <= 0x3AB && c != 0x3A2) ||  // Greek Α to Ϋ
      (c >= 0x410 && c <= 0x42F))                  // Cyrillic А to Я
    return c + 0x20;
  if (c >= 0x400 && c <= 0x40F) return c + 0x50;  // Cyrillic Ѐ to Џ
  if (c == 0x178) return 0xFF;                    // Ÿ
  // From Ā on a capital stands before its small letter: at even places, or at odd ones.
  if ((c >= 0x100 && c <= 0x12F) || (c >= 0x132 && c <= 0x137) || (c >= 0x14A && c <= 0x177))
    return c | 1;
  if ((c >= 0x139 && c <= 0x148) || (c >= 0x179 && c <= 0x17E)) return c + (c & 1);
  if (c == 0x386) return 0x3AC;                   // Ά
  if (c >= 0x388 && c <= 0x38A) return c + 0x25;  // Έ Ή Ί
  if (c == 0x38C) return 0x3CC;                   // Ό
  if (c == 0x38E || c == 0x38F) return c + 0x3F;  // Ύ Ώ
  return c;
}

}  // namespace

std::size_t space_at(std::string_view text, std::size_t place) {
  if (ascii_spaces.find(text[place]) != std::string_view::npos) return 1;
  if (static_cast<unsigned char>(text[place]) < 0x80) return 0;
  for (const std::string_view space : other_spaces)
    if (text.substr(place).starts_with(space)) return space.size();
  return 0;
}

Words split(std::string_view text) {
  Words words;
  bool within = false;
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t space = space_at(text, i);
    if (space == 0) {
      if (!within) words.emplace_back();
      words.back() += text[i];
    }
    within = space == 0;
    i += within ? 1 : space;
  }
  return words;
}

std::string lower_case_ascii(std::string_view text) {
  std::string lower(text);
  for (char& c : lower)
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c + ('a' - 'A'));
  return lower;
}

std::string lower_case(std::string_view text) {
  std::string lower = lower_case_ascii(text);
  for (std::size_t i = 0; i + 1 < lower.size(); ++i) {
    const auto first = static_cast<unsigned char>(lower[i]);
    const auto second = static_cast<unsigned char>(lower[i + 1]);
    if (first >> 5 != 0b110 || second >> 6 != 0b10) continue;  // no letter of two bytes
    const std::uint32_t c = small((first & 0x1Fu) << 6 | (second & 0x3Fu));
    lower[i] = static_cast<char>(0xC0 | c >> 6);
    lower[i + 1] = static_cast<char>(0x80 | (c & 0x3F));
  }
  return lower;
}

}  // namespace data::scores
