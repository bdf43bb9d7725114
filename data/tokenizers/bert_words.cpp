#include <unicode/normalizer2.h>
#include <unicode/uchar.h>

#include <stdexcept>

#include "data/tokenizers/utf8.h"
#include "data/tokenizers/wordpiece.h"

namespace data::tokenizers {
namespace {

// BERT's library has the categories of Unicode 8, and what is younger has none. So a punctuation
// mark of 2021 is a letter to it, and the vocabularies are used with what it does.
constexpr int unicode_of_bert = 8;

std::int8_t category(char32_t c) {
  UVersionInfo since;
  u_charAge(static_cast<UChar32>(c), since);
  return since[0] > unicode_of_bert ? std::int8_t{U_UNASSIGNED}
                                    : u_charType(static_cast<UChar32>(c));
}

// Controls, formats and private characters, but for three controls that are white space to BERT.
bool is_left_out(char32_t c) {
  if (c == '\t' || c == '\n' || c == '\r') return false;
  const std::int8_t is = category(c);
  return c == 0 || c == 0xFFFD || is == U_CONTROL_CHAR || is == U_FORMAT_CHAR ||
         is == U_PRIVATE_USE_CHAR;
}

// What BERT calls Chinese: these blocks, and no others that came later.
bool is_cjk(char32_t c) {
  return (c >= 0x4E00 && c <= 0x9FFF) || (c >= 0x3400 && c <= 0x4DBF) ||
         (c >= 0x20000 && c <= 0x2A6DF) || (c >= 0x2A700 && c <= 0x2B73F) ||
         (c >= 0x2B740 && c <= 0x2B81F) || (c >= 0x2B920 && c <= 0x2CEAF) ||
         (c >= 0xF900 && c <= 0xFAFF) || (c >= 0x2F800 && c <= 0x2FA1F);
}

// Unicode's P, and all ASCII signs, of which Unicode calls some symbols ("$", "+").
bool is_punctuation(char32_t c) {
  if (c < 0x80)
    return (c >= '!' && c <= '/') || (c >= ':' && c <= '@') || (c >= '[' && c <= '`') ||
           (c >= '{' && c <= '~');
  return (U_MASK(category(c)) & U_GC_P_MASK) != 0;
}

/// Canonical decomposition (NFD) without the marks that take no room: "é" becomes "e".
std::u32string without_accents(const std::u32string& text) {
  UErrorCode error = U_ZERO_ERROR;
  const icu::Normalizer2* nfd = icu::Normalizer2::getNFDInstance(error);
  if (U_FAILURE(error)) throw std::runtime_error("ICU has no data for NFD");
  const auto units = icu::UnicodeString::fromUTF32(reinterpret_cast<const UChar32*>(text.data()),
                                                   static_cast<std::int32_t>(text.size()));
  const icu::UnicodeString decomposed = nfd->normalize(units, error);
  if (U_FAILURE(error)) throw std::runtime_error("ICU cannot decompose a text");
  std::u32string plain;
  for (std::int32_t i = 0; i < decomposed.length(); i = decomposed.moveIndex32(i, 1)) {
    const auto c = static_cast<char32_t>(decomposed.char32At(i));
    if (category(c) != U_NON_SPACING_MARK) plain += c;
  }
  return plain;
}

// "İ" alone becomes two characters, which Unicode's table of single ones does not say.
std::u32string in_lower_case(const std::u32string& text) {
  std::u32string lower;
  for (const char32_t c : text) {
    if (c == U'\u0130')
      lower += U"i\u0307";
    else
      lower += static_cast<char32_t>(u_tolower(static_cast<UChar32>(c)));
  }
  return lower;
}

}  // namespace

std::vector<std::u32string> bert_words(std::string_view text, const BertNormalization& how) {
  std::u32string clean;
  for (const char32_t c : code_points(text)) {
    if (is_left_out(c))
      continue;
    else if (is_white_space(c))
      clean += U' ';
    else if (how.space_around_cjk && is_cjk(c))
      clean += {U' ', c, U' '};
    else
      clean += c;
  }
  if (how.strip_accents) clean = without_accents(clean);
  if (how.lower_case) clean = in_lower_case(clean);

  std::vector<std::u32string> words;
  bool inside = false;  // of a word that the next character continues
  for (const char32_t c : clean) {
    const bool is_mark = is_punctuation(c);
    if (is_white_space(c)) {
      inside = false;
      continue;
    }
    if (!inside || is_mark) words.emplace_back();
    words.back() += c;
    inside = !is_mark;
  }
  return words;
}

}  // namespace data::tokenizers
