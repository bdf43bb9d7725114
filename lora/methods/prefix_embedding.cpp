#include "lora/methods/methods.h"
#include "lora/methods/trained_rows.h"

namespace lora::inline LOWRANK_PRECISION::methods {

// n trained embeddings before the tokens; the blocks make of them what they make of words. Hu et
// al. 2021, section 5.1 (PreEmbed): d (l_p + l_i), here with a prefix and no infix, l_i = 0. The
// model sees positions that the base has not seen, so a wrapped model is not the base.
static Index count_prefix_embedding(const MethodSpec& spec, const nn::DecoderConfig& c) {
  return spec.size * c.d_model;
}

static void wrap_prefix_embedding(nn::Decoder& model, const MethodSpec& spec, std::uint64_t seed) {
  model.prefix = std::make_unique<TrainedRows>(words_to_start(model, spec.size, seed));
}

const Method prefix_embedding{.name = "prefix-embedding",
                              .source = "PreEmbed in Hu et al. 2021",
                              .size_is = "prefix length",
                              .has_lora = false,
                              .starts_as_base = false,
                              .formula = "n d",
                              .largest = nullptr,
                              .count = count_prefix_embedding,
                              .wrap = wrap_prefix_embedding};

}  // namespace lora::inline LOWRANK_PRECISION::methods
