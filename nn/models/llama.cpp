#include "nn/models/llama.h"

#include <fmt/format.h>

#include "autograd/ops_models.h"

namespace nn::inline LOWRANK_PRECISION::llama {

Config read_config(const ConfigReader& from) {
  Config c;
  c.vocabulary = from.count("vocab_size");
  c.positions = from.count("max_position_embeddings");
  c.width = from.count("hidden_size");
  c.layers = from.count("num_hidden_layers");
  c.heads = from.count("num_attention_heads");
  c.key_heads = from.count("num_key_value_heads", c.heads);
  c.head_size = from.count("head_dim", c.width / c.heads);
  c.inner = from.count("intermediate_size");
  c.eps = from.positive("rms_norm_eps", 1e-6);
  c.frequencies = from.rotary_frequencies(c.head_size);
  c.activation = from.activation("hidden_act", "silu");
  c.attention_bias = from.flag("attention_bias", false);
  c.mlp_bias = from.flag("mlp_bias", false);
  c.tied = from.flag("tie_word_embeddings", false);
  c.head = from.head({Head::none, Head::causal, Head::classifier});
  c.labels = from.labels();
  c.pad = from.id("pad_token_id");
  if (c.heads % c.key_heads != 0 || c.head_size % 2 != 0)
    throw ConfigError(fmt::format(
        "\"num_key_value_heads\" {} must divide \"num_attention_heads\" {}, and \"head_dim\" {} be "
        "even",
        c.key_heads, c.heads, c.head_size));
  return c;
}

Attention::Attention(const Config& c, Builder build)
    : heads(c.heads), key_heads(c.key_heads), frequencies(c.frequencies) {
  const Index of_queries = c.heads * c.head_size, of_keys = c.key_heads * c.head_size;
  build.slot(q_proj, "q_proj", c.width, of_queries, c.attention_bias);
  build.slot(k_proj, "k_proj", c.width, of_keys, c.attention_bias);
  build.slot(v_proj, "v_proj", c.width, of_keys, c.attention_bias);
  build.slot(o_proj, "o_proj", of_queries, c.width, c.attention_bias);
}

Var Attention::forward(const Pass& pass, Var x, const Inputs& inputs, Index layer) {
  const Index first = inputs.past ? inputs.past->length : 0;
  const Var q = autograd::rotary(q_proj->forward(pass, x), {heads, frequencies, first});
  const Var k = autograd::rotary(k_proj->forward(pass, x), {key_heads, frequencies, first});
  const Var v = v_proj->forward(pass, x);
  const KeysAndValues seen = after_past(pass, inputs, layer, {k, v});  // (B,..,K hs)
  // H/K query heads, side by side, look at the same keys and values.
  const Var keys = autograd::repeat_heads(seen.keys, key_heads, heads / key_heads);
  const Var values = autograd::repeat_heads(seen.values, key_heads, heads / key_heads);
  const Var mixed = autograd::attention(q, keys, values, {heads, /*causal=*/true, inputs.mask});
  return o_proj->forward(pass, mixed);
}

Layer::Layer(const Config& c, Builder build)
    : self_attn(c, build.at("self_attn")), activation(c.activation) {
  build.norm(input_layernorm, "input_layernorm", c.width, c.eps);
  build.norm(post_attention_layernorm, "post_attention_layernorm", c.width, c.eps);
  build.slot(gate_proj, "mlp.gate_proj", c.width, c.inner, c.mlp_bias);
  build.slot(up_proj, "mlp.up_proj", c.width, c.inner, c.mlp_bias);
  build.slot(down_proj, "mlp.down_proj", c.inner, c.width, c.mlp_bias);
}

Var Layer::forward(const Pass& pass, Var x, const Inputs& inputs, Index layer) {
  x = autograd::add(x, self_attn.forward(pass, input_layernorm->forward(pass, x), inputs, layer));
  const Var y = post_attention_layernorm->forward(pass, x);
  const Var gate = activate(activation, gate_proj->forward(pass, y));
  const Var inner = autograd::multiply(gate, up_proj->forward(pass, y));
  return autograd::add(x, down_proj->forward(pass, inner));
}

Llama::Llama(const Config& c, Weights& weights) : config(c) {
  head = c.head, tied = c.tied, pad = c.pad;
  sizes = {c.vocabulary, c.positions, c.width, c.layers, 0, c.labels};
  Builder build(weights, parts), model = build.at("model");
  model.table(embed_tokens, "embed_tokens", c.vocabulary, c.width);
  for (Index i = 0; i < c.layers; ++i)
    blocks.push_back(std::make_unique<Layer>(c, model.at(fmt::format("layers.{}", i))));
  model.norm(norm, "norm", c.width, c.eps);
  make_head(build);
  built(weights);
}

Var Llama::embed(const Pass& pass, const Inputs& inputs) {
  return in_rows(embed_tokens->forward(pass, inputs.ids), inputs);
}

Var Llama::layer(Index i, const Pass& pass, Var x, const Inputs& inputs) {
  return blocks[static_cast<std::size_t>(i)]->forward(pass, x, inputs, i);
}

}  // namespace nn::inline LOWRANK_PRECISION::llama
