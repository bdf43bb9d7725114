#include "data/scores/mteval_words.h"

#include <fmt/format.h>

#include <utility>

namespace data::scores {
namespace {

bool is_digit(char c) { return c >= '0' && c <= '9'; }
bool is_stop(char c) { return c == '.' || c == ','; }
bool is_always_a_word(char c) {
  return std::string_view("!\"#$%&()*+/:;<=>?@[\\]^_`{|}~").find(c) != std::string_view::npos;
}

void replace_all(std::string& text, std::string_view what, std::string_view by) {
  for (std::size_t i = text.find(what); i != std::string::npos; i = text.find(what, i + by.size()))
    text.replace(i, what.size(), by);
}

// Puts spaces around the second, or else the first, character of each pair for which `breaks` holds,
// from left to right; a pair begins behind the one before. A byte that is none of . , - 0 to 9
// counts as any other character does, so that bytes of UTF-8 may be looked at alone.
template <class Breaks>
std::string spaced(const std::string& text, bool second, Breaks breaks) {
  std::string out;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const bool pair = i + 1 < text.size() && breaks(text[i], text[i + 1]);
    if (!pair) {
      out += text[i];
    } else if (second) {
      (out += text[i++]) += ' ';
      (out += text[i]) += ' ';
    } else {
      ((out += ' ') += text[i++]) += ' ';
      out += text[i];
    }
  }
  return out;
}

}  // namespace

Words mteval_words(std::string_view text) {
  std::string line(text);
  replace_all(line, "<skipped>", "");
  for (const auto& [name, character] :
       {std::pair("&quot;", "\""), {"&amp;", "&"}, {"&lt;", "<"}, {"&gt;", ">"}})
    replace_all(line, name, character);
  std::string parted;
  for (const char c : fmt::format(" {} ", lower_case_ascii(line)))
    if (is_always_a_word(c))
      ((parted += ' ') += c) += ' ';
    else
      parted += c;
  // First stops behind what is no digit, then those before what is none: "5.", ".5" and ". ." are
  // parted, "5.5" is not.
  parted = spaced(parted, true, [](char a, char b) { return !is_digit(a) && is_stop(b); });
  parted = spaced(parted, false, [](char a, char b) { return is_stop(a) && !is_digit(b); });
  parted = spaced(parted, true, [](char a, char b) { return is_digit(a) && b == '-'; });
  return split(parted);
}

}  // namespace data::scores
