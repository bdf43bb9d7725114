#include <fmt/format.h>

#include <cmath>

#include "nn/transformer.h"

// What a configuration of a decoder must be, and the slots that it leads to.
namespace nn::inline LOWRANK_PRECISION {

void validate(const DecoderConfig& c) {
  const auto positive = [](Index value, const char* name) {
    if (value < 1)
      throw std::invalid_argument(fmt::format("{} must be at least 1, not {}", name, value));
  };
  positive(c.vocabulary, "vocabulary");
  positive(c.context, "context");
  positive(c.d_model, "d_model");
  positive(c.layers, "layers");
  positive(c.heads, "heads");
  positive(c.d_mlp, "d_mlp");
  if (c.d_model % c.heads != 0)
    throw std::invalid_argument(
        fmt::format("{} heads do not divide d_model {}", c.heads, c.d_model));
  if (!(c.embedding_stddev >= 0) || !std::isfinite(c.embedding_stddev))
    throw std::invalid_argument(
        fmt::format("embedding_stddev must be at least 0, not {}", c.embedding_stddev));
  if (!(c.dropout >= 0 && c.dropout < 1))
    throw std::invalid_argument(fmt::format("dropout must be in [0, 1), not {}", c.dropout));
}

std::vector<SlotShape> slot_shapes(const DecoderConfig& c) {
  std::vector<SlotShape> slots;
  for (Index i = 0; i < c.layers; ++i) {
    const std::string block = fmt::format("blocks.{}", i);
    for (const char* square : {"attn.q", "attn.k", "attn.v", "attn.o"})
      slots.push_back({join(block, square), c.d_model, c.d_model});
    slots.push_back({join(block, "mlp.up"), c.d_model, c.d_mlp});
    slots.push_back({join(block, "mlp.down"), c.d_mlp, c.d_model});
  }
  return slots;
}

}  // namespace nn::inline LOWRANK_PRECISION
