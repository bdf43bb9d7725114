#include "nn/model.h"

#include <fmt/format.h>

#include <numeric>

namespace nn::inline LOWRANK_PRECISION {

std::vector<int> all_positions(const Tokens& tokens) {
  std::vector<int> positions(static_cast<std::size_t>(tokens.B * tokens.T));
  std::iota(positions.begin(), positions.end(), 0);
  return positions;
}

void check_tokens(const Tokens& tokens, Index context, std::span<const int> positions) {
  const Index n = tokens.B * tokens.T;
  if (tokens.T > context)
    throw std::invalid_argument(
        fmt::format("{} positions, but the context is {}", tokens.T, context));
  if (static_cast<Index>(tokens.ids.size()) != n)
    throw autograd::ShapeError(
        fmt::format("{} ids for {} rows of {}", tokens.ids.size(), tokens.B, tokens.T));
  for (const int position : positions)
    if (position < 0 || position >= n)
      throw std::invalid_argument(fmt::format("position {} is not in 0..{} of {} rows of {}",
                                              position, n - 1, tokens.B, tokens.T));
}

}  // namespace nn::inline LOWRANK_PRECISION
