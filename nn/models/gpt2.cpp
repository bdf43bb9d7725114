#include "nn/models/gpt2.h"

#include <fmt/format.h>

namespace nn::inline LOWRANK_PRECISION::gpt2 {

Config read_config(const ConfigReader& from) {
  Config c;
  c.vocabulary = from.count("vocab_size");
  c.positions = from.count("n_positions");
  c.width = from.count("n_embd");
  c.layers = from.count("n_layer");
  c.heads = from.count_dividing("n_head", "n_embd");
  c.inner = from.count("n_inner", 4 * c.width);
  c.activation = from.activation("activation_function", "gelu_new");
  c.eps = from.positive("layer_norm_epsilon", 1e-5);
  c.embedding_dropout = from.probability("embd_pdrop", 0.1);
  c.residual_dropout = from.probability("resid_pdrop", 0.1);
  c.head = from.head({Head::none, Head::causal, Head::classifier});
  c.labels = from.labels();
  c.pad = from.id("pad_token_id");
  from.only("scale_attn_weights", {true});
  from.only("scale_attn_by_inverse_layer_idx", {false});
  from.only("add_cross_attention", {false});
  c.tied = from.flag("tie_word_embeddings", true);
  return c;
}

// Matrices are (in,out) in a checkpoint, which calls such a layer a convolution. Of one that is a
// stack of several, the rows from `begin`.
static void conv1d(const Builder& build, std::unique_ptr<Projection>& made, const std::string& name,
                   Index in, Index out) {
  const std::string full = join(build.name(), name);
  Builder(build).slot(made, name, {join(full, "weight"), {in, out}, true},
                      {join(full, "bias"), {out}});
}

Attention::Attention(const Config& c, Builder build) : heads(c.heads) {
  const Index C = c.width;
  const std::string fused = join(build.name(), "c_attn");
  // q, k or v alone: a third of the rows of c_attn.
  const auto third = [&](std::unique_ptr<Projection>& made, const char* name, Index begin) {
    build.at("c_attn").slot(made, name, {join(fused, "weight"), {C, 3 * C}, true, begin, C},
                            {join(fused, "bias"), {3 * C}, false, begin, C});
  };
  if (c.split_c_attn)
    third(q, "q", 0), third(k, "k", C), third(v, "v", 2 * C);
  else
    conv1d(build, c_attn, "c_attn", C, 3 * C);
  conv1d(build, c_proj, "c_proj", C, C);
}

Var Attention::forward(const Pass& pass, Var x, const Inputs& inputs, Index layer) {
  Var queries, keys, values;  // (B,T,C) each
  if (c_attn) {
    const Index C = c_attn->in_features();
    const Var all = c_attn->forward(pass, x);  // (B,T,3C)
    const auto part = [&](Index begin) {
      return autograd::reshape(autograd::slice_cols(all, begin, C), x.shape());
    };
    queries = part(0), keys = part(C), values = part(2 * C);
  } else {
    queries = q->forward(pass, x), keys = k->forward(pass, x), values = v->forward(pass, x);
  }
  const KeysAndValues seen = after_past(pass, inputs, layer, {keys, values});
  const Var mixed =
      autograd::attention(queries, seen.keys, seen.values, {heads, /*causal=*/true, inputs.mask});
  return c_proj->forward(pass, mixed);
}

Block::Block(const Config& c, Builder build)
    : attn(c, build.at("attn")), activation(c.activation), dropout{c.residual_dropout} {
  build.norm(ln_1, "ln_1", c.width, c.eps);
  build.norm(ln_2, "ln_2", c.width, c.eps);
  conv1d(build, c_fc, "mlp.c_fc", c.width, c.inner);
  conv1d(build, c_proj, "mlp.c_proj", c.inner, c.width);
}

Var Block::forward(const Pass& pass, Var x, const Inputs& inputs, Index layer) {
  const Var attended = attn.forward(pass, ln_1->forward(pass, x), inputs, layer);
  x = autograd::add(x, dropout.forward(pass, attended));
  const Var inner = activate(activation, c_fc->forward(pass, ln_2->forward(pass, x)));
  return autograd::add(x, dropout.forward(pass, c_proj->forward(pass, inner)));
}

Gpt2::Gpt2(const Config& c, Weights& weights) : config(c) {
  head = c.head, tied = c.tied, pad = c.pad;
  sizes = {c.vocabulary, c.positions, c.width, c.layers, 0, c.labels};
  Builder build(weights, parts), transformer = build.at("transformer");
  transformer.table(wte, "wte", c.vocabulary, c.width);
  transformer.table(wpe, "wpe", c.positions, c.width);
  for (Index i = 0; i < c.layers; ++i)
    h.push_back(std::make_unique<Block>(c, transformer.at(fmt::format("h.{}", i))));
  transformer.norm(ln_f, "ln_f", c.width, c.eps);
  make_head(build);
  built(weights);
}

Var Gpt2::embed(const Pass& pass, const Inputs& inputs) {
  const Var words = wte->forward(pass, inputs.ids);
  const Var x = autograd::add(words, wpe->forward(pass, places(inputs)));
  return Dropout{config.embedding_dropout}.forward(pass, in_rows(x, inputs));
}

Var Gpt2::layer(Index i, const Pass& pass, Var x, const Inputs& inputs) {
  return h[static_cast<std::size_t>(i)]->forward(pass, x, inputs, i);
}

}  // namespace nn::inline LOWRANK_PRECISION::gpt2
