#include "data/entailment.h"

#include <fmt/format.h>

#include <cstdint>
#include <stdexcept>
#include <utility>

#include "data/vocabulary.h"

namespace data {
namespace {

// Four sets cut the universe into 16 regions; region r lies in n1, v1, n2, v2 as bits 0, 1, 2, 3 of
// r say. For the truth of a sentence it only matters which regions have an element, so a model is
// the 16-bit mask of its inhabited regions, and a set is the mask of the regions inside it.
using Regions = std::uint32_t;

constexpr Regions inside(int bit) {
  Regions mask = 0;
  for (Regions r = 0; r < 16; ++r)
    if (r >> bit & 1) mask |= Regions{1} << r;
  return mask;
}
constexpr Regions n1 = inside(0), v1 = inside(1), n2 = inside(2), v2 = inside(3);

bool meet(Regions model, Regions a, Regions b) { return (model & a & b) != 0; }

bool holds(Quantifier q, Regions noun, Regions verb, Regions model) {
  switch (q) {
    case Quantifier::all:
      return !meet(model, noun, ~verb);
    case Quantifier::some:
      return meet(model, noun, verb);
    case Quantifier::no:
      return !meet(model, noun, verb);
    case Quantifier::notall:
      return meet(model, noun, ~verb);
  }
  throw std::invalid_argument("no such quantifier");
}

// The regions that stay empty when the first set stands so to the second.
Regions emptied_by(Relation relation, Regions first, Regions second) {
  switch (relation) {
    case Relation::same:
      return first ^ second;
    case Relation::sub:
      return first & ~second;
    case Relation::sup:
      return second & ~first;
    case Relation::disjoint:
      return first & second;
  }
  throw std::invalid_argument("no such relation");
}

// The group of a leaf, a group itself; -1 for a word that is not of this kind.
int group_of(int word, const Family& leaves, const Family& groups) {
  if (groups.contains(word)) return groups.index(word);
  return leaves.contains(word) ? leaves.index(word) * groups.size / leaves.size : -1;
}

}  // namespace

Label entailment(Quantifier q1, Quantifier q2, Relation nouns, Relation verbs) {
  const Regions possible = 0xffff & ~(emptied_by(nouns, n1, n2) | emptied_by(verbs, v1, v2));
  bool can_be_true = false, can_be_false = false;
  // The loop goes through every non-empty subset of `possible`, from itself downwards.
  for (Regions model = possible; model != 0; model = (model - 1) & possible) {
    const bool nouns_exist = (model & n1) != 0 && (model & n2) != 0;
    if (!nouns_exist || !holds(q1, n1, v1, model)) continue;
    (holds(q2, n2, v2, model) ? can_be_true : can_be_false) = true;
  }
  if (can_be_true && can_be_false) return Label::maybe;
  return can_be_true ? Label::yes : Label::no;
}

Relation word_relation(int word1, int word2) {
  for (const auto& [leaves, groups] :
       {std::pair(word::nouns, word::noun_groups), std::pair(word::verbs, word::verb_groups)}) {
    const int group1 = group_of(word1, leaves, groups), group2 = group_of(word2, leaves, groups);
    if (group1 < 0 || group2 < 0) continue;
    if (word1 == word2) return Relation::same;
    if (group1 != group2 || leaves.contains(word1) == leaves.contains(word2))
      return Relation::disjoint;
    return leaves.contains(word1) ? Relation::sub : Relation::sup;
  }
  throw std::invalid_argument(fmt::format("'{}' and '{}' are neither two nouns nor two verbs",
                                          vocabulary().word(word1), vocabulary().word(word2)));
}

}  // namespace data
