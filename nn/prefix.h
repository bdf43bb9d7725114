#pragma once

#include <optional>
#include <vector>

#include "nn/model.h"

namespace nn::inline LOWRANK_PRECISION {

/// P positions before every sequence whose rows come from parameters and not from tokens: where
/// prompts and prefixes are trained. They have no row of the position table, so what is trained
/// includes it, and do not count towards the context. Every later position sees them; they see each
/// other causally, as tokens would. The dropout on embeddings leaves them alone. After the last
/// block they are left out.
struct Prefix : Module {
  virtual Index length() const = 0;  ///< P, at least 1

  /// What enters block `layer` at the P positions, (P,C) for every batch row alike; nothing where
  /// they go on with what the block before has made of them. Block 0 needs rows.
  virtual std::optional<Var> rows(const Pass& pass, Index layer) = 0;
};

/// x (B,S,C) with rows (P,C) in place of the first `replaced` positions of each batch row
/// -> (B, P + S - replaced, C).
Var prepend(Var rows, Var x, Index replaced);

/// What enters block `layer`: x with the prefix's rows before it or in the place of those that are
/// there, or x as it is.
Var enter_block(Prefix& prefix, const Pass& pass, Index layer, Var x);

/// The mask of the tokens with P positions before each row that are no padding, (B,P+T); empty if
/// theirs is. Throws autograd::ShapeError for a mask of another size.
std::vector<unsigned char> mask_after_prefix(const Tokens& tokens, Index P);

/// The numbers of positions of the tokens, b*T + t, where P others stand before each row.
std::vector<int> rows_after_prefix(const Tokens& tokens, Index P, std::span<const int> positions);

}  // namespace nn::inline LOWRANK_PRECISION
