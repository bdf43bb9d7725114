#include "lora/methods/methods.h"

namespace lora::inline LOWRANK_PRECISION::methods {

static Index count_lora(const MethodSpec& spec, const nn::DecoderConfig& c) {
  Index total = 0;
  for (const Target& target : plan(c, spec.lora)) total += target.parameters();
  return total;
}

static void wrap_lora(nn::Decoder& model, const MethodSpec& spec, std::uint64_t seed) {
  inject(model, spec.lora, seed);
}

const Method lora{.name = "lora",
                  .source = "Hu et al. 2021",
                  .size_is = nullptr,
                  .has_lora = true,
                  .starts_as_base = true,
                  .formula = "sum of r (in + out) over the targets",
                  .largest = nullptr,
                  .count = count_lora,
                  .wrap = wrap_lora};

}  // namespace lora::inline LOWRANK_PRECISION::methods
