#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>

#include "autograd/random.h"
#include "data/example.h"

// sqlgen: learn new facts.
//
// Before, with the meanings that pre-training teaches (a28: c20 or c6):
// | <sch> c19 c5 c6 c18 <q> avg a28 where c18 isnot v11 <sql> AVG c6 WHERE c18 != v11 <eos>
// After, with new ones (a24: c17 or c8, not c3 or c22; a23: c4 or c23, not c15 or c20):
// | <sch> c23 c18 c17 c11 <q> min a24 where a23 more v15 <sql> MIN c17 WHERE c23 > v15 <eos>
//
// A table has four columns (the schema, in random order); a question names two of them, outright or
// by an alias, and the answer is the SQL: 6 target tokens at positions 13 to 18 of 20. Every alias
// has two meanings, exactly one of which is in the schema, so a prompt has to be read as a whole.
// What an adaptation changes is the meaning of `facts` aliases. Attention looks for the same things
// as before and has to find something else there, so we expect the work in the value and output
// projections and in the MLP, and rank to matter, because facts are many and unrelated. The frozen
// base fails because no new meaning is an old one: it is right only where both columns are named
// outright, 4% of the prompts. Columns of the schema chosen at random are right in about 20%.
//
// Two prompts mean the same when they have the same set of columns and ask for the same SQL; splits
// are by that meaning. Pre-training sees every meaning, but written with the old aliases.

namespace data {

inline constexpr int alias_count = 32;

/// Fewest aliases that an adaptation can change: most prompts hold two of them.
inline constexpr int min_facts = 2;

/// The two columns (0..23) that an alias can mean.
using Readings = std::array<int, 2>;
using AliasTable = std::array<Readings, alias_count>;

/// The meanings that pre-training teaches.
const AliasTable& base_aliases();

/// The order in which aliases get new meanings (a permutation of 0..31): an adaptation with few
/// facts changes a subset of what one with more facts changes, to the same new meanings.
const std::array<int, alias_count>& remap_order();

/// The meanings after an adaptation with this many facts: those aliases have two new readings,
/// neither of them an old one; the others keep theirs. Throws std::invalid_argument unless
/// min_facts <= facts <= 32.
AliasTable adapted_aliases(int facts);

/// The column (0..23) that a mention, the token id of a column or an alias, stands for among the
/// schema's columns: itself, or the only reading in the schema; -1 when there is none or two.
int resolve(int mention, std::span<const int> schema, const AliasTable& table);

/// An example of the adaptation (facts as above) or, without facts, of pre-training.
Example sqlgen_example(autograd::Random& stream, std::optional<int> facts,
                       std::optional<Split> split);

}  // namespace data
