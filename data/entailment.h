#pragma once

#include <string_view>

namespace data {

// What the words of the task nli mean. Nouns and verbs are names of sets: n_i is a subset of its
// group g_{i/4}, w_i of its group W_{i/2}, and otherwise different words name disjoint sets. A
// sentence is a quantifier, a noun N and a verb V:
//   all N V     N is a subset of V           no N V      N and V are disjoint
//   some N V    N and V meet                 notall N V  N is not a subset of V

enum class Quantifier { all, some, no, notall };
enum class Relation { same, sub, sup, disjoint };  ///< of a first set to a second: sub = within it
enum class Label { yes, maybe, no };

inline constexpr Quantifier all_quantifiers[] = {Quantifier::all, Quantifier::some, Quantifier::no,
                                                 Quantifier::notall};
inline constexpr Relation all_relations[] = {Relation::same, Relation::sub, Relation::sup,
                                             Relation::disjoint};

/// Whether "q2 n2 v2" follows from "q1 n1 v1" (yes), is excluded by it (no) or neither, when all
/// that is known is how n1 stands to n2 and v1 to v2, and that nouns are not empty (verbs may be).
/// Decided by trying every model. Reading sub and sup as proper or not changes no label: an element
/// that only the larger set has can always be added without touching the truth of either sentence.
Label entailment(Quantifier q1, Quantifier q2, Relation nouns, Relation verbs);

/// How the set that one word names stands to that of another, both nouns or both verbs (token ids);
/// throws std::invalid_argument for other words.
Relation word_relation(int word1, int word2);

}  // namespace data
