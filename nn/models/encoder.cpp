#include "nn/models/encoder.h"

namespace nn::inline LOWRANK_PRECISION {

EncoderConfig read_encoder_config(const ConfigReader& from, std::initializer_list<Head> heads,
                                  double eps) {
  EncoderConfig c;
  c.vocabulary = from.count("vocab_size");
  c.positions = from.count("max_position_embeddings");
  c.types = std::max<Index>(from.whole("type_vocab_size", 0), 0);
  c.width = from.count("hidden_size");
  c.layers = from.count("num_hidden_layers");
  c.heads = from.count_dividing("num_attention_heads", "hidden_size");
  c.inner = from.count("intermediate_size");
  c.activation = from.activation("hidden_act", "gelu");
  c.eps = from.positive("layer_norm_eps", eps);
  c.dropout = from.probability("hidden_dropout_prob", 0.1);
  c.head = from.head(heads);
  c.labels = from.labels();
  from.only("tie_word_embeddings", {true});
  return c;
}

Embeddings::Embeddings(const EncoderConfig& c, bool with_positions, Builder build)
    : dropout{c.dropout} {
  build.table(words, "word_embeddings", c.vocabulary, c.width);
  if (with_positions) build.table(positions, "position_embeddings", c.positions, c.width);
  if (c.types > 0) build.table(types, "token_type_embeddings", c.types, c.width);
  build.norm(norm, "LayerNorm", c.width, c.eps);
}

Var Embeddings::forward(const Pass& pass, const Inputs& inputs, const std::vector<int>& places) {
  Var x = words->forward(pass, inputs.ids);
  const std::vector<int> first(inputs.ids.size(), 0);
  if (types)
    x = autograd::add(x, types->forward(pass, inputs.types.empty() ? first : inputs.types));
  if (positions) x = autograd::add(x, positions->forward(pass, places));
  return dropout.forward(pass, in_rows(norm->forward(pass, x), inputs));
}

Sublayers::Sublayers(const EncoderConfig& c, Builder build)
    : activation(c.activation), dropout{c.dropout} {
  build.slot(dense, "attention.output.dense", c.width, c.width);
  build.norm(attention_norm, "attention.output.LayerNorm", c.width, c.eps);
  build.slot(intermediate, "intermediate.dense", c.width, c.inner);
  build.slot(output, "output.dense", c.inner, c.width);
  build.norm(output_norm, "output.LayerNorm", c.width, c.eps);
}

Var Sublayers::forward(const Pass& pass, Var x, Var attended) {
  const Var mixed = dropout.forward(pass, dense->forward(pass, attended));
  x = attention_norm->forward(pass, autograd::add(x, mixed));
  const Var inner = activate(activation, intermediate->forward(pass, x));
  const Var transformed = dropout.forward(pass, output->forward(pass, inner));
  return output_norm->forward(pass, autograd::add(x, transformed));
}

Var without_padding(const Pass& pass, Var x, const Inputs& inputs) {
  if (inputs.mask.empty()) return x;
  Tensor mask(x.shape());
  for (std::size_t i = 0; i < inputs.mask.size(); ++i)
    mask.m.row(static_cast<Index>(i)).setConstant(inputs.mask[i] ? Scalar{1} : Scalar{0});
  return autograd::multiply(x, pass.tape.constant(mask));
}

std::vector<int> first_of_rows(const Inputs& inputs, std::span<const int> positions) {
  std::vector<int> first;
  for (const int p : positions) first.push_back(p - p % static_cast<int>(inputs.T));
  return first;
}

}  // namespace nn::inline LOWRANK_PRECISION
