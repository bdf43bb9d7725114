#include "data/tokenizers/tokenizer.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "data/tokenizers/utf8.h"

namespace data::tokenizers {

Template roberta_template(int begin, int end) {
  const Part b{Part::token, 0, begin}, e{Part::token, 0, end};
  const Part first{Part::first_text, 0, 0}, second{Part::second_text, 0, 0};
  return {{b, first, e}, {b, first, e, e, second, e}};
}

Template bert_template(int cls, int sep) {
  const Part c{Part::token, 0, cls}, s{Part::token, 0, sep}, last{Part::token, 1, sep};
  const Part first{Part::first_text, 0, 0}, second{Part::second_text, 1, 0};
  return {{c, first, s}, {c, first, s, second, last}};
}

// The lengths to which texts of a and b ids are cut, so that `room` holds them.
static std::pair<std::size_t, std::size_t> fitting(std::size_t a, std::size_t b, std::size_t room) {
  if (a + b <= room) return {a, b};
  if (a > b) {
    const auto [shorter, longer] = fitting(b, a, room);
    return {longer, shorter};
  }
  const std::size_t shorter = std::min(a, room / 2);
  return {shorter, room - shorter};
}

static Encoding framed(const std::vector<Part>& frame, std::vector<int> first,
                       std::vector<int> second, std::size_t longest) {
  const auto of_template = static_cast<std::size_t>(
      std::ranges::count_if(frame, [](const Part& part) { return part.what == Part::token; }));
  if (longest < of_template)
    throw TokenizerError(
        fmt::format("{} ids are fewer than the {} that stand around a text", longest, of_template));
  const auto [a, b] = fitting(first.size(), second.size(), longest - of_template);
  Encoding encoding;
  encoding.is_cut = a < first.size() || b < second.size();
  first.resize(a), second.resize(b);
  for (const Part& part : frame) {
    const std::vector<int> token{part.id};
    const std::vector<int>& ids = part.what == Part::first_text    ? first
                                  : part.what == Part::second_text ? second
                                                                   : token;
    encoding.ids.insert(encoding.ids.end(), ids.begin(), ids.end());
    encoding.types.resize(encoding.ids.size(), part.type);
  }
  return encoding;
}

// The libraries below count in int.
static void require_text(std::string_view text) {
  constexpr std::size_t longest = 500'000'000;
  if (text.size() > longest)
    throw TokenizerError(fmt::format("a text has more than {} bytes", longest));
  require_utf8(text);
}

Encoding Tokenizer::encode(std::string_view text, Special special, std::size_t longest) const {
  require_text(text);
  const Template& frame = special == Special::with ? frame_ : Template{};
  return framed(frame.single, text_ids(text), {}, longest);
}

Encoding Tokenizer::encode_pair(std::string_view first, std::string_view second, Special special,
                                std::size_t longest) const {
  require_text(first);
  require_text(second);
  const Template& frame = special == Special::with ? frame_ : Template{};
  return framed(frame.pair, text_ids(first), text_ids(second), longest);
}

std::string Tokenizer::decode(std::span<const int> ids) const { return decode(ids, usual_text_); }

std::string Tokenizer::decode(std::span<const int> ids, Special special) const {
  if (special == Special::with) return well_formed(text_of(ids));
  std::vector<int> others;
  for (const int id : ids)
    if (!special_ids_.contains(id)) others.push_back(id);
  return well_formed(text_of(others));
}

}  // namespace data::tokenizers
