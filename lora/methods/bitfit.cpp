#include "lora/methods/methods.h"

namespace lora::inline LOWRANK_PRECISION::methods {

// In a block: q, k, v, o and down have d biases each, up has f, and each of two norms d. For GPT-3
// (f = 4 d) that is 11 L d + d = 13.0 M; table 4 of Hu et al. 2021 prints 14.2 M, which is 12 L d.
static Index count_bitfit(const MethodSpec&, const nn::DecoderConfig& c) {
  return c.layers * (7 * c.d_model + c.d_mlp) + c.d_model;
}

static void wrap_bitfit(nn::Decoder& model, const MethodSpec&, std::uint64_t) {
  model.visit("", [](const std::string& name, Parameter& p) {
    if (name.ends_with(".bias")) p.trainable = true;
  });
}

const Method bitfit{.name = "bitfit",
                    .source = "Zaken et al. 2021",
                    .size_is = nullptr,
                    .has_lora = false,
                    .starts_as_base = true,
                    .formula = "L (7 d + f) + d",
                    .largest = nullptr,
                    .count = count_bitfit,
                    .wrap = wrap_bitfit};

}  // namespace lora::inline LOWRANK_PRECISION::methods
