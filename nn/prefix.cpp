#include "nn/prefix.h"

#include <fmt/format.h>

#include <array>

namespace nn::inline LOWRANK_PRECISION {

Var prepend(Var rows, Var x, Index replaced) {
  if (x.shape().rank() != 3)
    throw autograd::ShapeError(
        fmt::format("prepend: wants x (B,S,C), but its shape is {}", x.shape().str()));
  const Index P = rows.value().rows(), B = x.shape()[0], S = x.shape()[1], C = x.shape()[2];
  // One table of all rows, (P + B S, C), out of which every batch row takes its own.
  const Var table = autograd::concat_rows(std::array{rows, x});
  std::vector<int> ids;
  for (Index b = 0; b < B; ++b) {
    for (Index p = 0; p < P; ++p) ids.push_back(static_cast<int>(p));
    for (Index s = replaced; s < S; ++s) ids.push_back(static_cast<int>(P + b * S + s));
  }
  return autograd::reshape(autograd::take_rows(table, ids), {B, P + S - replaced, C});
}

Var enter_block(Prefix& prefix, const Pass& pass, Index layer, Var x) {
  const std::optional<Var> rows = prefix.rows(pass, layer);
  if (!rows && layer > 0) return x;
  const Shape wanted{prefix.length(), x.shape()[2]};
  if (!rows || rows->shape() != wanted)
    throw autograd::ShapeError(fmt::format("the prefix wants rows {} for block {}, not {}",
                                           wanted.str(), layer,
                                           rows ? rows->shape().str() : "none"));
  return prepend(*rows, x, layer == 0 ? 0 : prefix.length());
}

std::vector<unsigned char> mask_after_prefix(const Tokens& tokens, Index P) {
  const std::vector<unsigned char>& mask = tokens.mask;
  if (mask.empty() || P == 0) return mask;
  if (static_cast<Index>(mask.size()) != tokens.B * tokens.T)
    throw autograd::ShapeError(
        fmt::format("a mask of {} entries for {} rows of {}", mask.size(), tokens.B, tokens.T));
  std::vector<unsigned char> longer;
  for (Index b = 0; b < tokens.B; ++b) {
    longer.insert(longer.end(), static_cast<std::size_t>(P), 1);
    longer.insert(longer.end(), mask.begin() + b * tokens.T, mask.begin() + (b + 1) * tokens.T);
  }
  return longer;
}

std::vector<int> rows_after_prefix(const Tokens& tokens, Index P, std::span<const int> positions) {
  std::vector<int> rows;
  for (const int position : positions) {
    const int b = position / static_cast<int>(tokens.T);
    rows.push_back(position + (b + 1) * static_cast<int>(P));
  }
  return rows;
}

}  // namespace nn::inline LOWRANK_PRECISION
