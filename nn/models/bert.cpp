#include "nn/models/bert.h"

#include <fmt/format.h>

namespace nn::inline LOWRANK_PRECISION::bert {

Config read_config(const ConfigReader& from, bool roberta) {
  Config c{read_encoder_config(from, {Head::none, Head::masked, Head::classifier},
                               roberta ? 1e-5 : 1e-12)};
  c.roberta = roberta;
  c.pooled = c.head == Head::classifier && !roberta;
  c.pad = from.id("pad_token_id").value_or(roberta ? 1 : 0);
  from.only("position_embedding_type", {"absolute"});
  from.only("is_decoder", {false});
  from.only("add_cross_attention", {false});
  if (roberta && (c.pad < 0 || c.positions <= c.pad + 1))
    throw ConfigError(fmt::format(
        "\"max_position_embeddings\" {} is too few for \"pad_token_id\" {}", c.positions, c.pad));
  return c;
}

Layer::Layer(const Config& c, Builder build) : heads(c.heads), rest(c, build) {
  Builder self = build.at("attention.self");
  self.slot(query, "query", c.width, c.width);
  self.slot(key, "key", c.width, c.width);
  self.slot(value, "value", c.width, c.width);
}

Var Layer::forward(const Pass& pass, Var x, const Inputs& inputs) {
  const Var q = query->forward(pass, x), k = key->forward(pass, x), v = value->forward(pass, x);
  return rest.forward(pass, x,
                      autograd::attention(q, k, v, {heads, /*causal=*/false, inputs.mask}));
}

Bert::Bert(const Config& c, Weights& weights) : config(c) {
  head = c.head;
  const Index unused = c.roberta ? c.pad + 1 : 0;  // positions before the first
  sizes = {c.vocabulary, c.positions - unused, c.width, c.layers, c.types, c.labels};
  Builder build(weights, parts), bert = build.at(c.roberta ? "roberta" : "bert");
  embeddings = std::make_unique<Embeddings>(c, /*positions=*/true, bert.at("embeddings"));
  for (Index i = 0; i < c.layers; ++i)
    blocks.push_back(std::make_unique<Layer>(c, bert.at(fmt::format("encoder.layer.{}", i))));
  if (c.pooled) bert.slot(pooler, "pooler.dense", c.width, c.width);
  if (head == Head::classifier && c.roberta) {
    build.slot(transform, "classifier.dense", c.width, c.width);
    build.slot(classifier, "classifier.out_proj", c.width, c.labels);
  } else if (head == Head::classifier) {
    build.slot(classifier, "classifier", c.width, c.labels);
  } else if (head == Head::masked) {
    Builder lm = build.at(c.roberta ? "lm_head" : "cls.predictions");
    lm.slot(transform, c.roberta ? "dense" : "transform.dense", c.width, c.width);
    lm.norm(transform_norm, c.roberta ? "layer_norm" : "transform.LayerNorm", c.width, c.eps);
    lm.parameter(word_bias, "bias", {c.vocabulary});
  }
  built(weights);
}

// RoBERTa counts the ids of a row that are no padding, from pad + 1; padding itself is at pad. Under
// a prompt it is given embeddings, and counts all.
static std::vector<int> roberta_places(const Inputs& inputs, int pad, bool all) {
  std::vector<int> places;
  int count = 0;
  for (std::size_t i = 0; i < inputs.ids.size(); ++i) {
    if (static_cast<Index>(i) % inputs.T == 0) count = 0;
    places.push_back(inputs.ids[i] == pad && !all ? pad : pad + ++count);
  }
  return places;
}

Var Bert::embed(const Pass& pass, const Inputs& inputs) {
  return embeddings->forward(
      pass, inputs,
      config.roberta ? roberta_places(inputs, config.pad, sizes.prompt > 0) : places(inputs));
}

Var Bert::layer(Index i, const Pass& pass, Var x, const Inputs& inputs) {
  return blocks[static_cast<std::size_t>(i)]->forward(pass, x, inputs);
}

Var Bert::read_out(const Pass& pass, const Inputs& inputs, Var last, std::span<const int> at) {
  if (head == Head::none) throw no_head();
  if (head == Head::masked) {
    const Var y =
        activate(config.activation, transform->forward(pass, autograd::take_rows(last, at)));
    const Var z = transform_norm->forward(pass, y);
    return product(pass, z, embeddings->words->weight,
                   &word_bias);  // (n,V): tied to the embeddings
  }
  // What stands at the beginning of a row is read as a summary of it.
  const Var summary = autograd::take_rows(last, first_of_rows(inputs, at));
  Projection& dense = config.roberta ? *transform : *pooler;
  const Dropout dropout{config.dropout};
  const Var x = config.roberta ? dropout.forward(pass, summary) : summary;
  const Var y = autograd::tanh(dense.forward(pass, x));
  return classifier->forward(pass, dropout.forward(pass, y));
}

}  // namespace nn::inline LOWRANK_PRECISION::bert
