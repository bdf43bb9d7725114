#include "data/entailment.h"

#include <doctest/doctest.h>

#include <array>
#include <set>
#include <stdexcept>

#include "data/vocabulary.h"

namespace entailment_test {

using data::entailment;
using data::Label;
using data::Quantifier;
using data::Relation;
using data::vocabulary;

namespace {

// A second derivation, over sets of elements instead of regions. Four elements are enough: one each
// to make n1 and n2 non-empty and one each to make an existential sentence true (or a universal one
// false); leaving out all other elements of a model changes no universal sentence.
constexpr unsigned universe = 16;  // the subsets of four elements, as masks

bool stands(Relation r, unsigned a, unsigned b) {
  switch (r) {
    case Relation::same:
      return a == b;
    case Relation::sub:
      return (a | b) == b;
    case Relation::sup:
      return (a | b) == a;
    case Relation::disjoint:
      return (a & b) == 0;
  }
  return false;
}

bool is_true(Quantifier q, unsigned noun, unsigned verb) {
  int inside = 0, outside = 0;
  for (unsigned element = 0; element < 4; ++element)
    if (noun >> element & 1) ++(verb >> element & 1 ? inside : outside);
  switch (q) {
    case Quantifier::all:
      return outside == 0;
    case Quantifier::some:
      return inside > 0;
    case Quantifier::no:
      return inside == 0;
    case Quantifier::notall:
      return outside > 0;
  }
  return false;
}

struct Outcomes {
  int models = 0;
  int hypothesis_true = 0;
  Label label() const {
    if (hypothesis_true == models) return Label::yes;
    return hypothesis_true == 0 ? Label::no : Label::maybe;
  }
};

Outcomes enumerate(Quantifier q1, Quantifier q2, Relation nouns, Relation verbs,
                   bool empty_nouns = false) {
  Outcomes found;
  for (unsigned n1 = 0; n1 < universe; ++n1)
    for (unsigned n2 = 0; n2 < universe; ++n2) {
      if (!stands(nouns, n1, n2) || (!empty_nouns && (n1 == 0 || n2 == 0))) continue;
      for (unsigned v1 = 0; v1 < universe; ++v1)
        for (unsigned v2 = 0; v2 < universe; ++v2)
          if (stands(verbs, v1, v2) && is_true(q1, n1, v1)) {
            ++found.models;
            found.hypothesis_true += is_true(q2, n2, v2);
          }
    }
  return found;
}

// Label, by set theory in the test, of the words of "q1 n1 v1 / q2 n2 v2".
template <class F>
void for_all_cells(F f) {
  for (const Quantifier q1 : data::all_quantifiers)
    for (const Quantifier q2 : data::all_quantifiers)
      for (const Relation nouns : data::all_relations)
        for (const Relation verbs : data::all_relations) f(q1, q2, nouns, verbs);
}

}  // namespace

TEST_CASE("labels agree with an enumeration of all sets over four elements") {
  int differs_with_empty_nouns = 0;
  for_all_cells([&](Quantifier q1, Quantifier q2, Relation nouns, Relation verbs) {
    const Outcomes found = enumerate(q1, q2, nouns, verbs);
    CAPTURE(static_cast<int>(q1));
    CAPTURE(static_cast<int>(q2));
    CAPTURE(static_cast<int>(nouns));
    CAPTURE(static_cast<int>(verbs));
    REQUIRE(found.models > 0);  // no premise contradicts itself
    CHECK(entailment(q1, q2, nouns, verbs) == found.label());
    differs_with_empty_nouns += enumerate(q1, q2, nouns, verbs, true).label() != found.label();
  });
  CHECK(differs_with_empty_nouns > 0);  // the oracle does notice another semantics
}

TEST_CASE("labels of textbook cases") {
  using enum Quantifier;
  using R = Relation;
  CHECK(entailment(all, all, R::sub, R::same) == Label::maybe);  // all dogs run / all animals run
  CHECK(entailment(all, all, R::sup, R::same) == Label::yes);    // all animals run / all dogs run
  CHECK(entailment(all, all, R::same, R::sub) == Label::yes);    // all dogs sprint / all dogs run
  CHECK(entailment(all, some, R::same, R::same) == Label::yes);  // nouns are not empty
  CHECK(entailment(no, some, R::sup, R::sup) == Label::no);      // no animal runs / a dog sprints
  CHECK(entailment(some, all, R::same, R::disjoint) == Label::no);
  CHECK(entailment(notall, all, R::same, R::same) == Label::no);
  CHECK(entailment(notall, some, R::same, R::same) == Label::maybe);
}

TEST_CASE("after 'all' every second quantifier leaves all three labels possible") {
  for (const Quantifier q2 : data::all_quantifiers) {
    std::set<Label> labels;
    for (const Relation nouns : data::all_relations)
      for (const Relation verbs : data::all_relations)
        labels.insert(entailment(Quantifier::all, q2, nouns, verbs));
    CHECK(labels.size() == 3);
  }
}

TEST_CASE("every pair of nouns or of verbs stands in one relation, and so does its mirror image") {
  const auto relation = [](const char* a, const char* b) {
    return data::word_relation(vocabulary().id(a), vocabulary().id(b));
  };
  CHECK(relation("n5", "n5") == Relation::same);
  CHECK(relation("g1", "g1") == Relation::same);
  CHECK(relation("n5", "g1") == Relation::sub);
  CHECK(relation("n7", "g1") == Relation::sub);
  CHECK(relation("n8", "g1") == Relation::disjoint);
  CHECK(relation("g1", "n4") == Relation::sup);
  CHECK(relation("n4", "n5") == Relation::disjoint);
  CHECK(relation("g1", "g2") == Relation::disjoint);
  CHECK(relation("w3", "W1") == Relation::sub);
  CHECK(relation("W3", "w7") == Relation::sup);
  CHECK(relation("w2", "w3") == Relation::disjoint);
  CHECK_THROWS_WITH_AS(relation("n1", "w1"), "'n1' and 'w1' are neither two nouns nor two verbs",
                       std::invalid_argument);
  CHECK_THROWS_AS(relation("c1", "c1"), std::invalid_argument);

  const auto count = [](data::Family leaves, data::Family groups) {
    std::array<int, 4> by_relation{};
    for (int a = 0; a < vocabulary().size(); ++a)
      for (int b = 0; b < vocabulary().size(); ++b) {
        const auto member = [&](int w) { return leaves.contains(w) || groups.contains(w); };
        if (member(a) && member(b))
          ++by_relation.at(static_cast<std::size_t>(data::word_relation(a, b)));
      }
    return by_relation;
  };
  CHECK(count(data::word::nouns, data::word::noun_groups) == std::array{30, 24, 24, 822});
  CHECK(count(data::word::verbs, data::word::verb_groups) == std::array{12, 8, 8, 116});
}

}  // namespace entailment_test
