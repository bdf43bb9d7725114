#include "lora/methods/methods.h"
#include "lora/methods/trained_rows.h"

namespace lora::inline LOWRANK_PRECISION::methods {

// n positions before the tokens whose activations are trained wherever a block reads them: the
// input of each of the L blocks. That is after the embedding and after every block but the last,
// whose output at these positions nobody reads. Hu et al. 2021, section 5.1 (PreLayer):
// L d (l_p + l_i), here with l_i = 0; Li and Liang 2021 train keys and values instead.
static Index count_prefix_layer(const MethodSpec& spec, const nn::DecoderConfig& c) {
  return c.layers * spec.size * c.d_model;
}

// The activations that the base gives the start of prefix-embedding, so that both methods start as
// the same model.
static Tensor activations(nn::Decoder& model, const Tensor& words) {
  Tensor all({model.config.layers, words.shape[1], words.shape[2]});
  nn::Tape tape(autograd::TapeMode::values);
  Var x = tape.constant(words);
  for (std::size_t i = 0; i < model.blocks.size(); ++i) {
    all.m.middleRows(static_cast<Index>(i) * words.rows(), words.rows()) = x.value().m;
    x = model.blocks[i]->forward({tape}, x, {});
  }
  return all;
}

static void wrap_prefix_layer(nn::Decoder& model, const MethodSpec& spec, std::uint64_t seed) {
  const Tensor words = words_to_start(model, spec.size, seed);
  model.prefix = std::make_unique<TrainedRows>(activations(model, words));
}

const Method prefix_layer{.name = "prefix-layer",
                          .source = "PreLayer in Hu et al. 2021",
                          .size_is = "prefix length",
                          .has_lora = false,
                          .starts_as_base = false,
                          .formula = "L n d",
                          .largest = nullptr,
                          .count = count_prefix_layer,
                          .wrap = wrap_prefix_layer};

}  // namespace lora::inline LOWRANK_PRECISION::methods
