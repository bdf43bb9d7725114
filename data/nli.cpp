#include "data/nli.h"

#include <array>
#include <utility>

#include "data/vocabulary.h"

namespace data {
namespace {

using autograd::Random;

using WordPair = std::pair<int, int>;
using PairsByRelation = std::array<std::vector<WordPair>, 4>;

/// How the nouns and how the verbs of the two sentences stand to each other.
struct Cell {
  Relation nouns, verbs;
};

struct QuantifierPair {
  Quantifier q1, q2;
  std::array<std::vector<Cell>, 3> cells;  ///< by label
  std::vector<Label> labels;               ///< those with a cell
};

struct Tables {
  PairsByRelation noun_pairs, verb_pairs;
  std::vector<QuantifierPair> from_all;    ///< q1 = all
  std::vector<QuantifierPair> from_other;  ///< other q1, where at least two labels can be right
};

PairsByRelation pairs_of(const Family& leaves, const Family& groups) {
  std::vector<int> words;
  for (const Family& family : {leaves, groups})
    for (int i = 0; i < family.size; ++i) words.push_back(family[i]);
  PairsByRelation pairs;
  for (const int a : words)
    for (const int b : words)
      pairs[static_cast<std::size_t>(word_relation(a, b))].emplace_back(a, b);
  return pairs;
}

QuantifierPair quantifier_pair(Quantifier q1, Quantifier q2) {
  QuantifierPair pair{q1, q2, {}, {}};
  for (const Relation nouns : all_relations)
    for (const Relation verbs : all_relations)
      pair.cells[static_cast<std::size_t>(entailment(q1, q2, nouns, verbs))].push_back(
          {nouns, verbs});
  for (const Label label : {Label::yes, Label::maybe, Label::no})
    if (!pair.cells[static_cast<std::size_t>(label)].empty()) pair.labels.push_back(label);
  return pair;
}

Tables make_tables() {
  Tables tables{
      pairs_of(word::nouns, word::noun_groups), pairs_of(word::verbs, word::verb_groups), {}, {}};
  for (const Quantifier q1 : all_quantifiers)
    for (const Quantifier q2 : all_quantifiers) {
      QuantifierPair pair = quantifier_pair(q1, q2);
      if (q1 == Quantifier::all)
        tables.from_all.push_back(std::move(pair));
      else if (pair.labels.size() >= 2)
        tables.from_other.push_back(std::move(pair));
    }
  return tables;
}

const Tables& tables() {
  static const Tables made = make_tables();
  return made;
}

template <class T>
const T& pick(Random& stream, const std::vector<T>& items) {
  return items[stream.below(items.size())];
}

int token(Quantifier q) { return word::quantifiers[static_cast<int>(q)]; }
int token(Label label) { return word::labels[static_cast<int>(label)]; }

std::uint64_t meaning_of(const WordPair& nouns, const WordPair& verbs) {
  std::uint64_t code = 0;
  for (const int word : {nouns.first, verbs.first, nouns.second, verbs.second})
    code = code << 8 | static_cast<std::uint64_t>(word);
  return code;
}

}  // namespace

// Labels are drawn before words, so that they are as even as the quantifiers allow. Only the words
// are drawn again when they fall into another split: every split keeps these proportions.
Example nli_example(Random& stream, Prefix prefix, std::optional<Split> split) {
  const Tables& t = tables();
  const QuantifierPair& pair = pick(stream, stream.chance(0.7) ? t.from_all : t.from_other);
  Label label = pick(stream, pair.labels);
  const Cell cell = pick(stream, pair.cells[static_cast<std::size_t>(label)]);
  WordPair nouns, verbs;
  do {
    nouns = pick(stream, t.noun_pairs[static_cast<std::size_t>(cell.nouns)]);
    verbs = pick(stream, t.verb_pairs[static_cast<std::size_t>(cell.verbs)]);
  } while (!belongs(split, "nli", meaning_of(nouns, verbs)));
  if (prefix == Prefix::unreliable) label = static_cast<Label>(stream.below(word::labels.size));

  const int marker = prefix == Prefix::reliable ? word::prem : word::prem_r;
  return {{marker, token(pair.q1), nouns.first, verbs.first, word::hyp, token(pair.q2),
           nouns.second, verbs.second, word::ans, token(label), word::eos},
          9,
          1,
          meaning_of(nouns, verbs)};
}

Example isa_example(Random& stream) {
  const Relation relation = all_relations[stream.below(std::size(all_relations))];
  const Tables& t = tables();
  const PairsByRelation& pairs = stream.chance(0.5) ? t.noun_pairs : t.verb_pairs;
  const WordPair words = pick(stream, pairs[static_cast<std::size_t>(relation)]);
  const Label label = relation == Relation::disjoint ? Label::no
                      : relation == Relation::sup    ? Label::maybe
                                                     : Label::yes;
  return {{word::isa, words.first, words.second, word::ans, token(label), word::eos},
          4,
          1,
          meaning_of(words, {0, 0})};
}

}  // namespace data
