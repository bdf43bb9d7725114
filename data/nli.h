#pragma once

#include <optional>

#include "autograd/random.h"
#include "data/entailment.h"
#include "data/example.h"

// nli: flip a switch.
//
// Before (every w7 is a W3):
// | <prem> all n8 w7 <hyp> some n8 W3 <ans> yes <eos>
// After (every n5 is a g1; w3 is a W1 and w0 a W0, and these exclude each other):
// | <premR> all g1 w3 <hyp> some n5 w0 <ans> no_ <eos>
//
// Does the second sentence follow from the first (yes), is it excluded (no_), or neither (maybe)?
// entailment.h has the meaning of the words; the one target token is at position 9 of 11.
// Pre-training gives true labels after <prem> (90% of the batches of this task) and random labels
// after <premR>; the adaptation wants true labels after <premR>. The base can work out the answer
// and has learned not to give it after this prefix, so frozen it stands at chance. All that is to
// be changed is how one token at the start is met, so one may expect a very small rank to do;
// `./run switch` asks whether it does.
//
// Shortcuts, as the best share of right labels that any table of these features gives: nothing 38%
// (the commonest label), either quantifier or both 38%, the whole hypothesis 50% (q2 and whether n2
// and v2 are groups: a group has words below it, a leaf has one above), both quantifiers with "same
// noun?" and "same verb?" 59%. Quantifiers tell little because of how they are drawn: q1 = all with
// probability .7, where each label is possible whatever q2 is, otherwise evenly among the other
// pairs (q1, q2) that leave two labels possible; then a label, evenly among the possible; then how
// the nouns and the verbs stand to each other, evenly among what gives this label; then words that
// stand so.
//
// The meaning is (n1, v1, n2, v2), and splits are by it: a test question is about words never met
// together in adaptation. Pre-training sees all of them after <prem>, by design: the adaptation is
// to bring out what the base knows, not to teach it.

namespace data {

enum class Prefix {
  reliable,    ///< <prem>, true labels: how pre-training asks
  unreliable,  ///< <premR>, labels drawn at random: what pre-training teaches to ignore
  adapted      ///< <premR>, true labels: what the adaptation asks
};

Example nli_example(autograd::Random& stream, Prefix prefix, std::optional<Split> split);

/// Pre-training's drill of the word relations: "<isa> n3 g0 <ans> yes <eos>"; yes: the first is
/// (within) the second, maybe: the second is within the first, no_: they are disjoint. One of the
/// four relations, uniformly, of nouns or of verbs.
Example isa_example(autograd::Random& stream);

}  // namespace data
