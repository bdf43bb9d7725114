#include "lora/methods/methods.h"

namespace lora::inline LOWRANK_PRECISION::methods {

// Every parameter of the decoder trains, the embeddings and the head among them.
static Index count_full(const MethodSpec&, const nn::DecoderConfig& c) {
  const Index d = c.d_model, f = c.d_mlp;
  const Index block = 4 * d * d + 2 * d * f + 9 * d + f;  // matrices, their biases, two norms
  return (c.vocabulary + c.context) * d + c.layers * block + 2 * d +
         (c.tied ? 0 : c.vocabulary * d);
}

static void wrap_full(nn::Decoder& model, const MethodSpec&, std::uint64_t) {
  nn::set_trainable(model, true);
}

const Method full{
    .name = "full",
    .source = "fine-tuning",
    .size_is = nullptr,
    .has_lora = false,
    .starts_as_base = true,
    .formula = "(V + T) d + L (4 d^2 + 2 d f + 9 d + f) + 2 d (+ V d for an untied head)",
    .largest = nullptr,
    .count = count_full,
    .wrap = wrap_full};

}  // namespace lora::inline LOWRANK_PRECISION::methods
