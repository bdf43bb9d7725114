#include <doctest/doctest.h>

#include "data/tokenizers/added_tokens.h"
#include "data/tokenizers/regex.h"
#include "data/tokenizers/tokenizer.h"
#include "data/tokenizers/utf8.h"
#include "data/tokenizers/wordpiece.h"

namespace parts_test {

using namespace data::tokenizers;
using Pieces = std::vector<std::string_view>;

template <class Action>
std::string refusal(Action action) {
  try {
    action();
  } catch (const TokenizerError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("UTF-8 is what the Unicode standard says") {
  const auto refused = [](std::string_view text) { return refusal([&] { require_utf8(text); }); };
  for (const char* text : {"", "a", "\u00e9\u20ac\U0010FFFF", "\u0800\uD7FF\uE000\U00010000"})
    CHECK(refused(text) == "accepted");
  for (const char* text :
       {"abc\x80", "abc\xff", "abc\xc0\x80", "abc\xe0\x80\x80", "abc\xed\xa0\x80",
        "abc\xf4\x90\x80\x80", "abc\xf0\x9f\x98", "abc\xe2\x82", "abc\xc3("})
    CHECK(refused(text) == "byte 4 is not UTF-8");
}

// The table of section 3.9 of the standard, and Python's bytes.decode(errors="replace").
TEST_CASE("what is not UTF-8 becomes U+FFFD, one for what could have gone on") {
  CHECK(well_formed("\x61\xF1\x80\x80\xE1\x80\xC2\x62\x80\x63\x80\xBF\x64") ==
        "a\uFFFD\uFFFD\uFFFDb\uFFFDc\uFFFD\uFFFDd");
  CHECK(well_formed("\xC0\xAF\xE0\x80\xBF\xF0\x81\x82\x41") ==
        "\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFD\uFFFDA");
  CHECK(well_formed("\xE2\x82") == "\uFFFD");
  CHECK(well_formed("\u00e9") == "\u00e9");
}

TEST_CASE("code points come and go") {
  const std::u32string points = U"a\u00e9\u0800\uFFFF\U00010000\U0010FFFF";
  CHECK(code_points(utf8(points)) == points);
  CHECK(without_space_at_start(" \u3000\u0085x ") == "x ");
  CHECK(without_space_at_end(" x\u2003 ") == " x");
  CHECK(without_space_at_end("\u3000") == "");
}

TEST_CASE("a pattern cuts a text into matches and what is between") {
  CHECK(Regex(R"(\p{L}+)").pieces("ab, c") == Pieces{"ab", ", ", "c"});
  CHECK(Regex(R"(\s+(?!\S)|\s+)").pieces("a   b") == Pieces{"a", "  ", " ", "b"});
  CHECK(Regex(R"(\s)").pieces("").empty());
  CHECK(Regex(R"(x*)").pieces("ab") == Pieces{"ab"});  // an empty match is none
  const Regex llama3(
      R"((?i:'s|'m)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s+(?!\S)|\s+)");
  CHECK(llama3.pieces("I'M 12345") == Pieces{"I", "'M", " ", "123", "45"});
  // White space is Unicode's; PCRE2 alone would take U+180E for some.
  CHECK(Regex(R"(\s)").pieces("a\u180eb\u0085c") == Pieces{"a\u180eb", "\u0085", "c"});
  CHECK(Regex(R"([^\s]+)").pieces("a\u180eb c") == Pieces{"a\u180eb", " ", "c"});
}

TEST_CASE("a pattern that would be read differently, or takes forever, is refused") {
  const auto refused = [](const char* pattern) { return refusal([&] { Regex{pattern}; }); };
  CHECK(refused(R"(\h)") == "a pattern has \\\\h, which is not supported");
  CHECK(refused(R"([a&&b])") == "a pattern has a class within a class, which is not supported");
  CHECK(refused(R"([[:alpha:]])") ==
        "a pattern has a class within a class, which is not supported");
  CHECK(refused(R"((?R))") == "a pattern has (?R), which is not supported");
  CHECK(refused(R"((?m:a))") == "a pattern has (?m:, which is not supported");
  CHECK(refused(R"((*COMMIT))") == "a pattern has (*, which is not supported");
  CHECK(refused("(") == "the pattern \"(\" is wrong: missing closing parenthesis");
  CHECK(refused("a\\") == "the pattern \"a\\\\\" is wrong: \\ at end of pattern");
  // What a text is allowed grows with it: a million spaces before a word are no reason to give up.
  const std::string spaces(1'000'000, ' ');
  CHECK(Regex(R"(\s*[\r\n]+|\s+(?!\S)|\s+|\S+)").pieces(spaces + "x").size() == 3);
  const Regex endless(R"((?:a|a)*[bc])");
  CHECK(refusal([&] {
          endless.pieces(std::string(60, 'a'));
        }).starts_with("the pattern that cuts words: match"));
}

TEST_CASE("of added tokens the longest is taken, of rounds the first") {
  AddedTokens added;
  added.add({.content = "<a>", .id = 1});
  added.add({.content = "<a><b>", .id = 2});
  added.add({.content = "x", .id = 3, .special = false, .normalized = true});
  const auto parts = added.parts("x<a><b>y<a>x<a");
  std::string shown;
  for (const TextPart& part : parts)
    shown += std::string(part.text) + (part.id ? "=" + std::to_string(*part.id) : "") + ";";
  CHECK(shown == "x=3;<a><b>=2;y;<a>=1;x=3;<a;");
  CHECK(added.special_ids() == std::set<int>{1, 2});
  CHECK(added.parts("").empty());
}

TEST_CASE("BERT's words") {
  const auto words = [](std::string_view text, BertNormalization how = {}) {
    std::string joined;
    for (const std::u32string& word : bert_words(text, how)) joined += utf8(word) + "|";
    return joined;
  };
  CHECK(words("It's  caf\u00e9,\tCAF\u00c9!") == "it|'|s|cafe|,|cafe|!|");
  CHECK(words("a\u4e2db") == "a|\u4e2d|b|");
  CHECK(words("a\u4e2db", {.space_around_cjk = false}) == "a\u4e2db|");
  CHECK(words("\u0130", {.strip_accents = false}) == "i\u0307|");
  CHECK(words("\u00c9", {.lower_case = false, .strip_accents = false}) == "\u00c9|");
  CHECK(words("a\u200bb\x0b"
              "c\u2028d") == "abc|d|");
  // Punctuation of Unicode 7 is a word, and of Unicode 14 a letter like any other.
  CHECK(words("a\u2e41b") == "a|\u2e41|b|");
  CHECK(words("a\u061db") == "a\u061db|");
}

}  // namespace parts_test
