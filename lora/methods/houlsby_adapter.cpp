#include <fmt/format.h>

#include "lora/methods/bottleneck.h"
#include "lora/methods/methods.h"

namespace lora::inline LOWRANK_PRECISION::methods {

// Two adapters in a block, each after the projection back to d and before the residual sum: behind
// attn.o and behind mlp.down. Hu et al. 2021, section 5.1: L_adpt (2 d m + m + d).
static Index count_adapter_h(const MethodSpec& spec, const nn::DecoderConfig& c) {
  return 2 * c.layers * (2 * c.d_model * spec.size + spec.size + c.d_model);
}

static void wrap_adapter_h(nn::Decoder& model, const MethodSpec& spec, std::uint64_t seed) {
  for (std::size_t i = 0; i < model.blocks.size(); ++i) {
    nn::Block& block = *model.blocks[i];
    const auto add = [&](std::unique_ptr<nn::Projection>& slot, const char* name) {
      add_bottleneck(slot, spec.size, Bottleneck::Phi::gelu, false, seed,
                     fmt::format("blocks.{}.{}", i, name));
    };
    add(block.attn.o, "attn.o");
    add(block.mlp.down, "mlp.down");
  }
}

const Method houlsby_adapter{.name = "adapter-h",
                             .source = "Houlsby et al. 2019",
                             .size_is = "bottleneck width",
                             .has_lora = false,
                             .starts_as_base = true,
                             .formula = "2 L (2 d n + n + d)",
                             .largest = nullptr,
                             .count = count_adapter_h,
                             .wrap = wrap_adapter_h};

}  // namespace lora::inline LOWRANK_PRECISION::methods
