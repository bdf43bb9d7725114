#include "data/vocabulary.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <stdexcept>

namespace data {
namespace {

// Words that stand for themselves, then numbered families, in the order of the ids in word::.
constexpr std::string_view named_words =
    "<pad> <sch> <q> <sql> <eos> <prem> <hyp> <ans> <premR> <premC> <isa> <mr> <txt> where WHERE "
    "max min avg sum count MAX MIN AVG SUM COUNT "
    "is isnot more less atleast atmost = != > < >= <= "
    "all some no notall rel0 rel1 rel2 rel3 rel4 yes maybe no_";

struct Numbered {
  std::string_view stem;
  Family family;
};
constexpr Numbered numbered_words[] = {
    {"k", word::spare_keys},  {"c", word::columns}, {"v", word::values},      {"a", word::aliases},
    {"g", word::noun_groups}, {"n", word::nouns},   {"W", word::verb_groups}, {"w", word::verbs}};

std::vector<std::string> split_at_spaces(std::string_view text) {
  std::vector<std::string> words;
  constexpr std::string_view space = " \t\r\n";
  for (std::size_t begin = text.find_first_not_of(space); begin != text.npos;) {
    const std::size_t end = std::min(text.find_first_of(space, begin), text.size());
    words.emplace_back(text.substr(begin, end - begin));
    begin = text.find_first_not_of(space, end);
  }
  return words;
}

std::vector<std::string> all_words() {
  std::vector<std::string> words = split_at_spaces(named_words);
  for (const auto& [stem, family] : numbered_words)
    for (int i = 0; i < family.size; ++i) words.push_back(fmt::format("{}{}", stem, i));
  return words;
}

}  // namespace

Vocabulary::Vocabulary(std::vector<std::string> words) : words_(std::move(words)) {
  for (int i = 0; i < size(); ++i) {
    const std::string& word = words_[static_cast<std::size_t>(i)];
    if (split_at_spaces(word) != std::vector{word})
      throw std::invalid_argument(fmt::format("'{}' is not one word without spaces", word));
    if (!ids_.emplace(word, i).second)
      throw std::invalid_argument(fmt::format("the word '{}' occurs twice in a vocabulary", word));
  }
}

int Vocabulary::id(std::string_view word) const {
  const auto found = ids_.find(word);
  if (found == ids_.end())
    throw std::invalid_argument(
        fmt::format("unknown word '{}'; the words are {}", word, vocabulary_summary()));
  return found->second;
}

const std::string& Vocabulary::word(int id) const {
  if (id < 0 || id >= size())
    throw std::invalid_argument(
        fmt::format("no word has the id {}; ids are 0 to {}", id, size() - 1));
  return words_[static_cast<std::size_t>(id)];
}

std::vector<int> Vocabulary::parse(std::string_view text) const {
  std::vector<int> ids;
  for (const std::string& word : split_at_spaces(text)) ids.push_back(id(word));
  return ids;
}

std::string Vocabulary::text(std::span<const int> ids) const {
  std::string line;
  for (const int id : ids) line += (line.empty() ? "" : " ") + word(id);
  return line;
}

const Vocabulary& vocabulary() {
  static const Vocabulary shared(all_words());
  return shared;
}

std::string vocabulary_summary() {
  std::string line(named_words);
  for (const auto& [stem, family] : numbered_words)
    line += fmt::format(" {0}0-{0}{1}", stem, family.size - 1);
  return line;
}

}  // namespace data
