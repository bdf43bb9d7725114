#pragma once

#include <array>
#include <optional>

#include "autograd/random.h"
#include "data/example.h"

// reorder: change what looks where.
//
// Before, sorted by type in the order 0 1 2 3 4 5:
// | <mr> v13 v21 v4 v0 v16 <txt> v0 v4 v13 v16 v21 <eos>
// After, in the order 3 2 5 0 4 1:
// | <mr> v18 v21 v1 v9 v14 <txt> v14 v9 v21 v1 v18 <eos>
//
// A prompt holds one value each of five of the six types, in random order; they are to be said
// again sorted by type: 5 target tokens at positions 7 to 11 of 13. What is copied stays the same;
// where each step looks for it changes, so we expect the work in the query and key projections. The
// frozen base is never right, because no five types keep their old order in the new one. Copying
// the prompt as it stands is right once in 120.
//
// The meaning is the set of the five values, and splits are by it: a test prompt is no training
// prompt shuffled. Pre-training sees all sets, said in the old order.

namespace data {

inline constexpr int type_count = 6;
inline constexpr int values_per_type = 4;  ///< value v is of type v / 4

/// Types in the order in which they are said: position p holds type order[p].
using TypeOrder = std::array<int, type_count>;

inline constexpr TypeOrder base_type_order{0, 1, 2, 3, 4, 5};

/// The adaptation's order: any five of these six types are out of their base order somewhere.
inline constexpr TypeOrder adapted_type_order{3, 2, 5, 0, 4, 1};

Example reorder_example(autograd::Random& stream, const TypeOrder& order,
                        std::optional<Split> split);

}  // namespace data
