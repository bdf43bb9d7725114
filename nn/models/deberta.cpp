#include "nn/models/deberta.h"

#include <fmt/format.h>

#include <cmath>

#include "autograd/ops_models.h"

namespace nn::inline LOWRANK_PRECISION::deberta {

Config read_config(const ConfigReader& from, bool v1) {
  Config c{read_encoder_config(from, {Head::none, Head::classifier}, 1e-7)};
  c.v1 = v1;
  c.pooler = from.activation("pooler_hidden_act", "gelu");
  for (const std::string& part : from.words("pos_att_type", '|')) {
    if (part != "c2p" && part != "p2c")
      throw ConfigError(fmt::format("\"pos_att_type\" has {}, which is not computed here", part));
    (part == "c2p" ? c.c2p : c.p2c) = true;
  }
  c.position_input = from.flag("position_biased_input", true);
  const Index distances = from.whole("max_relative_positions", -1);
  c.distances = distances < 1 ? c.positions : distances;
  if (!from.flag("relative_attention", false))  // as it is where nobody says it
    throw ConfigError("\"relative_attention\" is false or missing, which is not computed here");
  from.only("talking_head", {false});
  for (const char* size : {"embedding_size", "pooler_hidden_size"}) from.only(size, {c.width});
  if (v1) return c;
  c.buckets = std::max<Index>(from.whole("position_buckets", -1), 0);
  c.share_keys = from.flag("share_att_key", false);
  c.norm_positions = from.text("norm_rel_ebd", "none") == "layer_norm";
  c.kernel = std::max<Index>(from.whole("conv_kernel_size", 0), 0);
  c.convolution = from.activation("conv_act", "tanh");
  from.only("norm_rel_ebd", {"none", "layer_norm"});
  from.only("conv_groups", {1});
  from.only("attention_head_size", {c.width / c.heads});
  if (c.kernel > 0 && c.kernel % 2 == 0)
    throw ConfigError(fmt::format("\"conv_kernel_size\" {} is even", c.kernel));
  if (c.buckets > 0 && (c.buckets < 4 || c.distances - 1 <= c.buckets / 2))
    throw ConfigError(
        fmt::format("\"position_buckets\" {} does not fit {} distances", c.buckets, c.distances));
  return c;
}

Layer::Layer(const Config& c, Builder build) : config(c), rest(c, build) {
  Builder self = build.at("attention.self");
  if (c.v1) {
    self.slot(in_proj, "in_proj", c.width, 3 * c.width, /*bias=*/false);
    self.parameter(q_bias, "q_bias", {c.width});
    self.parameter(v_bias, "v_bias", {c.width});
  } else {
    self.slot(query, "query_proj", c.width, c.width);
    self.slot(key, "key_proj", c.width, c.width);
    self.slot(value, "value_proj", c.width, c.width);
  }
  if (c.share_keys) return;
  if (c.c2p) self.slot(pos_key, c.v1 ? "pos_proj" : "pos_key_proj", c.width, c.width, !c.v1);
  if (c.p2c) self.slot(pos_query, c.v1 ? "pos_q_proj" : "pos_query_proj", c.width, c.width);
}

Var Layer::forward(const Pass& pass, Var x, Var rel, const Inputs& inputs) {
  const Index B = inputs.B, T = inputs.T, C = config.width, hs = C / config.heads;
  Var q, k, v;  // (B,T,C)
  if (config.v1) {
    // Row after row of heads: (B*T*H, 3 hs) has each head's q, k and v beside one another.
    const Var all = autograd::reshape(in_proj->forward(pass, x), {B * T * config.heads, 3 * hs});
    const auto part = [&](Index i) {
      return autograd::reshape(autograd::slice_cols(all, i * hs, hs), {B, T, C});
    };
    q = autograd::add_row(part(0), pass.tape.parameter(q_bias));
    k = part(1);
    v = autograd::add_row(part(2), pass.tape.parameter(v_bias));
  } else {
    q = query->forward(pass, x), k = key->forward(pass, x), v = value->forward(pass, x);
  }
  std::optional<Var> pos_k, pos_q;
  if (config.c2p) pos_k = (config.share_keys ? key : pos_key)->forward(pass, rel);
  if (config.p2c) pos_q = (config.share_keys ? query : pos_query)->forward(pass, rel);
  const double parts = 1 + int(config.c2p) + int(config.p2c);
  const Var mixed = autograd::disentangled_attention(
      q, k, v, pos_k, pos_q,
      {config.heads, 1 / std::sqrt(static_cast<double>(hs) * parts), inputs.mask,
       rows_of_distances(T, rel.shape().rows() / 2, config.buckets, config.distances)});
  return rest.forward(pass, x, mixed);
}

Deberta::Deberta(const Config& c, Weights& weights) : config(c) {
  head = c.head;
  sizes = {c.vocabulary, c.positions, c.width, c.layers, c.types, c.labels};
  Builder build(weights, parts), deberta = build.at("deberta");
  embeddings = std::make_unique<Embeddings>(c, c.position_input, deberta.at("embeddings"));
  Builder encoder = deberta.at("encoder");
  for (Index i = 0; i < c.layers; ++i)
    blocks.push_back(std::make_unique<Layer>(c, encoder.at(fmt::format("layer.{}", i))));
  const Index rows = 2 * (c.buckets > 0 ? c.buckets : c.distances);
  encoder.table(rel_embeddings, "rel_embeddings", rows, c.width);
  if (c.norm_positions) encoder.norm(rel_norm, "LayerNorm", c.width, c.eps);
  if (c.kernel > 0) {
    encoder.parameter(conv_weight, "conv.conv.weight", {c.width, c.width, c.kernel});
    encoder.parameter(conv_bias, "conv.conv.bias", {c.width});
    encoder.norm(conv_norm, "conv.LayerNorm", c.width, c.eps);
  }
  if (head == Head::classifier) {
    build.slot(pooler, "pooler.dense", c.width, c.width);
    build.slot(classifier, "classifier", c.width, c.labels);
  }
  built(weights);
}

Var Deberta::embed(const Pass& pass, const Inputs& inputs) {
  return without_padding(pass, embeddings->forward(pass, inputs, places(inputs)), inputs);
}

Var Deberta::layer(Index i, const Pass& pass, Var x, const Inputs& inputs) {
  Var rel = whole(pass, rel_embeddings->weight);
  if (rel_norm) rel = rel_norm->forward(pass, rel);
  if (config.v1) {  // only the distances that T positions can have
    const Index M = config.distances, S = std::min(inputs.T, M);
    rel = autograd::slice_rows(rel, M - S, 2 * S);
  }
  const Var y = blocks[static_cast<std::size_t>(i)]->forward(pass, x, rel, inputs);
  return i == 0 && config.kernel > 0 ? convolve(pass, x, y, inputs) : y;
}

// The convolution runs beside the first layer, and their sum is normed.
Var Deberta::convolve(const Pass& pass, Var before, Var after, const Inputs& inputs) {
  const Index C = config.width;
  const Var weight = autograd::reshape(pass.tape.parameter(conv_weight), {C, C * config.kernel});
  const Var convolved = autograd::affine(autograd::unfold(before, config.kernel), weight,
                                         pass.tape.parameter(conv_bias));
  const Var y = activate(config.convolution, without_padding(pass, convolved, inputs));
  return without_padding(pass, conv_norm->forward(pass, autograd::add(after, y)), inputs);
}

Var Deberta::read_out(const Pass& pass, const Inputs& inputs, Var last, std::span<const int> at) {
  if (head == Head::none) throw no_head();
  const Var summary = autograd::take_rows(last, first_of_rows(inputs, at));
  const Var pooled = activate(config.pooler, pooler->forward(pass, summary));
  return classifier->forward(pass, Dropout{config.dropout}.forward(pass, pooled));
}

}  // namespace nn::inline LOWRANK_PRECISION::deberta
