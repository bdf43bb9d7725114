#include "lora/methods/methods.h"

namespace lora::inline LOWRANK_PRECISION::methods {

// The last n blocks and the last layer norm train; embeddings and the head, tied to them or not, do
// not. Li and Liang 2021 call n = 2 FT-Top2.
static Index count_top_layers(const MethodSpec& spec, const nn::DecoderConfig& c) {
  const Index d = c.d_model, f = c.d_mlp;
  return spec.size * (4 * d * d + 2 * d * f + 9 * d + f) + 2 * d;
}

static Index largest_top_layers(const nn::DecoderConfig& c) { return c.layers; }

static void wrap_top_layers(nn::Decoder& model, const MethodSpec& spec, std::uint64_t) {
  const std::size_t layers = model.blocks.size();
  for (std::size_t i = layers - static_cast<std::size_t>(spec.size); i < layers; ++i)
    nn::set_trainable(*model.blocks[i], true);
  nn::set_trainable(model.ln_f, true);
}

const Method top_layers{.name = "top-layers",
                        .source = "FT-Top2 in Li and Liang 2021",
                        .size_is = "blocks",
                        .has_lora = false,
                        .starts_as_base = true,
                        .formula = "n (4 d^2 + 2 d f + 9 d + f) + 2 d",
                        .largest = largest_top_layers,
                        .count = count_top_layers,
                        .wrap = wrap_top_layers};

}  // namespace lora::inline LOWRANK_PRECISION::methods
