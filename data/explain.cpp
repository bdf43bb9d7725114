#include "data/explain.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/entailment.h"
#include "data/vocabulary.h"

namespace data {
namespace {

std::string name(int id) { return vocabulary().word(id); }

// "n5 (a g1)" for a leaf, "g1" for a group.
std::string with_group(int id) {
  if (word::nouns.contains(id))
    return fmt::format("{} (a g{})", name(id), word::nouns.index(id) / 4);
  if (word::verbs.contains(id))
    return fmt::format("{} (a W{})", name(id), word::verbs.index(id) / 2);
  return name(id);
}

std::string relation_in_words(int a, int b) {
  switch (word_relation(a, b)) {
    case Relation::same:
      return fmt::format("{} on both sides", name(a));
    case Relation::sub:
      return fmt::format("every {} is a {}", name(a), name(b));
    case Relation::sup:
      return fmt::format("every {} is a {}", name(b), name(a));
    case Relation::disjoint:
      break;
  }
  return fmt::format("{} and {} exclude each other", with_group(a), with_group(b));
}

}  // namespace

std::string explain_sqlgen(const Example& e, const AliasTable& table) {
  std::array<int, 4> schema{};
  for (std::size_t i = 0; i < 4; ++i) schema[i] = word::columns.index(e.tokens[1 + i]);
  std::string line;
  for (const std::size_t position : {7u, 9u}) {
    const int mention = e.tokens[position];
    if (!line.empty()) line += "; ";
    if (word::columns.contains(mention)) {
      line += name(mention) + " is named outright";
      continue;
    }
    const auto alias = static_cast<std::size_t>(word::aliases.index(mention));
    const auto [first, second] = table[alias];
    line += fmt::format("{} means c{} or c{}", name(mention), first, second);
    if (const auto [old1, old2] = base_aliases()[alias]; table[alias] != base_aliases()[alias])
      line += fmt::format(" (before: c{} or c{})", old1, old2);
    line += fmt::format(", and the table has c{}", resolve(mention, schema, table));
  }
  return line;
}

std::string explain_nli(const Example& e) {
  static constexpr std::string_view verdicts[] = {"the second sentence must be true",
                                                  "the second sentence may be true or not",
                                                  "the second sentence cannot be true"};
  const auto& t = e.tokens;
  const auto quantifier = [](int id) {
    return static_cast<Quantifier>(word::quantifiers.index(id));
  };
  const Label truth = entailment(quantifier(t[1]), quantifier(t[5]), word_relation(t[2], t[6]),
                                 word_relation(t[3], t[7]));
  const bool said = word::labels.index(t[9]) == static_cast<int>(truth);
  return fmt::format("{}; {}: {}{}", relation_in_words(t[2], t[6]), relation_in_words(t[3], t[7]),
                     verdicts[static_cast<int>(truth)],
                     said ? "" : ", but the label is drawn at random");
}

std::string explain_isa(const Example& e) { return relation_in_words(e.tokens[1], e.tokens[2]); }

std::string explain_reorder(const Example& e, const TypeOrder& order) {
  const auto types = [](std::span<const int> ids) {
    std::vector<int> list;
    for (const int id : ids) list.push_back(word::values.index(id) / values_per_type);
    return fmt::format("{}", fmt::join(list, " "));
  };
  return fmt::format("types {}, sorted by the order {}: {}", types(e.prompt().subspan(1, 5)),
                     fmt::join(order, " "), types(e.answer().first(5)));
}

}  // namespace data
