#include <fmt/format.h>

#include "lora/methods/bottleneck.h"
#include "lora/methods/methods.h"

namespace lora::inline LOWRANK_PRECISION::methods {

// One adapter in a block, behind mlp.down, with a layer norm of its own before the bottleneck. Hu
// et al. 2021, section 5.1: L_adpt (2 d m + m + d) + 2 L_LN d with L_adpt = L_LN = L.
static Index count_adapter_l(const MethodSpec& spec, const nn::DecoderConfig& c) {
  return c.layers * (2 * c.d_model * spec.size + spec.size + c.d_model + 2 * c.d_model);
}

static void wrap_adapter_l(nn::Decoder& model, const MethodSpec& spec, std::uint64_t seed) {
  for (std::size_t i = 0; i < model.blocks.size(); ++i)
    add_bottleneck(model.blocks[i]->mlp.down, spec.size, Bottleneck::Phi::relu, true, seed,
                   fmt::format("blocks.{}.mlp.down", i));
}

const Method lin_adapter{.name = "adapter-l",
                         .source = "Lin et al. 2020",
                         .size_is = "bottleneck width",
                         .has_lora = false,
                         .starts_as_base = true,
                         .formula = "L (2 d n + n + d) + 2 L d",
                         .largest = nullptr,
                         .count = count_adapter_l,
                         .wrap = wrap_adapter_l};

}  // namespace lora::inline LOWRANK_PRECISION::methods
