#include "lora/methods/methods.h"
#include "lora/methods/trained_rows.h"

namespace lora::inline LOWRANK_PRECISION::methods {

// LoRA on its targets and n trained embeddings before the tokens: LoRA+PE in table 15 of Hu et al.
// 2021.
static Index count_lora_prefix(const MethodSpec& spec, const nn::DecoderConfig& c) {
  return lora.count(spec, c) + prefix_embedding.count(spec, c);
}

static void wrap_lora_prefix(nn::Decoder& model, const MethodSpec& spec, std::uint64_t seed) {
  lora.wrap(model, spec, seed);
  prefix_embedding.wrap(model, spec, seed);
}

const Method lora_prefix{.name = "lora+prefix",
                         .source = "LoRA+PE in Hu et al. 2021",
                         .size_is = "prefix length",
                         .has_lora = true,
                         .starts_as_base = false,
                         .formula = "sum of r (in + out) over the targets, + n d",
                         .largest = nullptr,
                         .count = count_lora_prefix,
                         .wrap = wrap_lora_prefix};

}  // namespace lora::inline LOWRANK_PRECISION::methods
