#include "data/scores/coco_words.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <initializer_list>
#include <utility>

namespace data::scores {
namespace {

bool is_number(char c) { return c >= '0' && c <= '9'; }
bool is_capital(char c) { return c >= 'A' && c <= 'Z'; }
bool is_ascii_letter(char c) { return is_capital(c) || (c >= 'a' && c <= 'z'); }
// Any byte of a character beyond ASCII counts as a letter. Signs that are none have been replaced.
bool is_letter(char c) { return is_ascii_letter(c) || static_cast<unsigned char>(c) >= 0x80; }
bool is_word_part(char c) { return is_letter(c) || is_number(c); }

// What stands at a place of a text; '\0' outside of it.
char at(std::string_view text, std::size_t place) {
  return place < text.size() ? text[place] : '\0';
}

bool is_one_of(std::string_view text, std::initializer_list<std::string_view> list) {
  return std::find(list.begin(), list.end(), text) != list.end();
}

// The length of 's, 'd, 'm, 'll, 've or 're at a place, 0 without.
std::size_t contraction(std::string_view text, std::size_t place) {
  if (at(text, place) != '\'') return 0;
  std::size_t end = place + 1;
  while (is_word_part(at(text, end))) ++end;
  const std::string letters = lower_case_ascii(text.substr(place + 1, end - place - 1));
  return is_one_of(letters, {"s", "d", "m", "ll", "ve", "re"}) ? end - place : 0;
}

// Whether n't stands at a place.
bool is_not(std::string_view text, std::size_t place) {
  return lower_case_ascii(text.substr(place, 3)) == "n't" && !is_word_part(at(text, place + 3));
}

// Short words that keep their full stop.
bool is_abbreviation(std::string_view word) {
  return (word.size() == 1 && is_letter(word[0])) ||  // an initial
         is_one_of(lower_case_ascii(word),
                   {"mr",   "mrs",  "ms",   "dr",   "st",  "sr",   "jr",  "prof", "gen", "col",
                    "capt", "lt",   "sgt",  "rev",  "sen", "rep",  "gov", "hon",  "esq", "inc",
                    "co",   "corp", "ltd",  "bros", "ave", "blvd", "rd",  "mt",   "ft",  "sq",
                    "est",  "tel",  "dept", "jan",  "feb", "mar",  "apr", "jun",  "jul", "aug",
                    "sep",  "sept", "oct",  "nov",  "dec", "etc",  "vs"});
}

// The end of a number such as 20, 4,000, 3.5 or 10:30, which may begin with its mark or sign; the
// place itself where there is none.
std::size_t number_end(std::string_view text, std::size_t place) {
  std::size_t end = place;
  if ((at(text, end) == '-' || at(text, end) == '+') && is_number(at(text, end + 1))) ++end;
  while (is_number(at(text, end)) ||
         (std::string_view(".,:").find(at(text, end)) != std::string_view::npos &&
          is_number(at(text, end + 1))))
    ++end;
  return end;
}

// The end of letters that each have a full stop, such as p.m. or U.S.; the place where there are not
// two.
std::size_t acronym_end(std::string_view text, std::size_t place) {
  std::size_t end = place;
  while (is_ascii_letter(at(text, end)) && at(text, end + 1) == '.') end += 2;
  return end - place > 2 && !is_word_part(at(text, end)) ? end : place;
}

// Whether the character at `place` joins the word before it to a part behind it: family-friendly,
// and/or, centre.It, AT&T, o'clock.
bool joins(std::string_view text, std::size_t begin, std::size_t place) {
  const char before = text[place - 1], after = at(text, place + 1);
  switch (at(text, place)) {
    case '-':
    case '/':
      return is_word_part(after);
    case '.':
      return is_letter(before) && is_letter(after);
    case '&':
      return is_capital(before) && is_capital(after);
    case '\'':
      return is_letter(after) && contraction(text, place) == 0 && place == begin + 1 &&
             std::string_view("dDoOlL").find(before) != std::string_view::npos;
    default:
      return false;
  }
}

// The end of the word that begins at a place with a letter or digit, without a contraction behind it.
std::size_t word_end(std::string_view text, std::size_t place) {
  std::size_t end = acronym_end(text, place);
  if (end > place) return end;
  const std::size_t number = number_end(text, place);
  const bool has_mark = text.substr(place, number - place).find_first_of(".,:") < text.size();
  end = number;
  if (has_mark && is_letter(at(text, end))) return end;  // 10:30am is two words
  for (;;) {
    while (is_word_part(at(text, end)) && !(end > place && is_not(text, end))) ++end;
    if (!joins(text, place, end)) break;
    ++end;
  }
  const std::string_view word = text.substr(place, end - place);
  if (at(text, end) != '.') return end;
  const bool is_number_next = at(text, end + 1) == ' ' && is_number(at(text, end + 2));
  const bool is_mark_next =
      std::string_view(",;:").find(at(text, end + 1)) != std::string_view::npos;
  if (is_abbreviation(word) || is_mark_next ||
      (is_one_of(lower_case_ascii(word), {"no", "nos"}) && is_number_next))
    ++end;
  return end;
}

// The end of what stands at a place where there is no white space.
std::size_t token_end(std::string_view text, std::size_t place) {
  if (is_not(text, place)) return place + 3;
  if (const std::size_t length = contraction(text, place)) return place + length;
  if (is_word_part(text[place])) return word_end(text, place);
  if (const std::size_t end = number_end(text, place); end > place) return end;
  if (text[place] == '\'' && is_number(at(text, place + 1)) && is_number(at(text, place + 2)))
    return word_end(text, place + 1);  // '90s
  std::size_t end = place + 1;
  if (text[place] == '?' || text[place] == '!')  // ?! is one token, and no punctuation of the list
    while (at(text, end) == '?' || at(text, end) == '!') ++end;
  return end;
}

// The text with one space for all white space, ASCII for the signs beyond it that are no letters, and
// # and $ for money as in the Penn Treebank.
std::string in_ascii_signs(std::string_view text) {
  constexpr std::pair<std::string_view, std::string_view> signs[] = {
      {"\u2019", "'"},   {"\u2018", "`"}, {"\u201C", "\""},  {"\u201D", "\""},  {"\u2013", " - "},
      {"\u2014", " - "}, {"\u2026", " "}, {"\u00A3", " # "}, {"\u20AC", " $ "}, {"&amp;", "&"}};
  std::string line = fmt::format("{}", fmt::join(split(text), " "));
  for (const auto& [sign, by] : signs)
    for (std::size_t i = line.find(sign); i != std::string::npos;
         i = line.find(sign, i + by.size()))
      line.replace(i, sign.size(), by);
  return line;
}

// A word as it is counted: nothing, one or two.
void add_counted(Words& words, const std::string& word) {
  constexpr std::string_view brackets[][2] = {{"(", "-lrb-"}, {")", "-rrb-"}, {"[", "-lsb-"},
                                              {"]", "-rsb-"}, {"{", "-lcb-"}, {"}", "-rcb-"}};
  constexpr std::string_view two_words[][2] = {{"can", "not"}, {"gon", "na"}, {"got", "ta"},
                                               {"wan", "na"},  {"gim", "me"}, {"lem", "me"}};
  if (is_one_of(word, {"'", "`", ".", "?", "!", ",", ":", "-", ";", "\""})) return;
  for (const auto& [sign, name] : brackets)
    if (word == sign) return words.emplace_back(name), void();
  for (const auto& [first, second] : two_words)
    if (word.size() == first.size() + second.size() && word.starts_with(first) &&
        word.ends_with(second)) {
      words.emplace_back(first);
      words.emplace_back(second);
      return;
    }
  words.push_back(word);
}

}  // namespace

Words coco_words(std::string_view text) {
  const std::string line = in_ascii_signs(text);
  Words words;
  for (std::size_t i = 0; i < line.size();) {
    if (line[i] == ' ') {
      ++i;
      continue;
    }
    const std::size_t end = token_end(line, i);
    add_counted(words, lower_case(std::string_view(line).substr(i, end - i)));
    i = end;
  }
  return words;
}

}  // namespace data::scores
