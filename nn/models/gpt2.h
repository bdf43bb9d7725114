#pragma once

#include "nn/models/causal.h"

/// GPT-2, Radford et al. 2019: a pre-norm decoder, under the names of its checkpoints. Alphabet: B
/// rows, T positions, C = n_embd, V words.
namespace nn::inline LOWRANK_PRECISION::gpt2 {

struct Config {
  Index vocabulary = 0, positions = 0, width = 0, layers = 0, heads = 0, inner = 0, labels = 0;
  Activation activation = Activation::gelu_tanh;
  double eps = 0, embedding_dropout = 0, residual_dropout = 0;
  Head head = Head::causal;
  std::optional<int> pad = {};  ///< the id that fills rows up, for a classifier
  bool tied = true;             ///< the head is the token table
  /// The projection c_attn as three, c_attn.q, .k and .v, which LoRA can tell apart, or as one.
  bool split_c_attn = false;
};
Config read_config(const ConfigReader& config);  ///< throws ConfigError

struct Attention {
  Index heads;
  std::unique_ptr<Projection> c_attn;   ///< C -> 3C, q beside k beside v; or null, and these:
  std::unique_ptr<Projection> q, k, v;  ///< C -> C
  std::unique_ptr<Projection> c_proj;

  Attention(const Config& config, Builder build);
  Var forward(const Pass& pass, Var x, const Inputs& inputs, Index layer);
};

/// x + attn(ln_1(x)), then x + c_proj(gelu(c_fc(ln_2(x)))).
struct Block {
  std::unique_ptr<LayerNorm> ln_1, ln_2;
  Attention attn;
  std::unique_ptr<Projection> c_fc, c_proj;
  Activation activation;
  Dropout dropout;

  Block(const Config& config, Builder build);
  Var forward(const Pass& pass, Var x, const Inputs& inputs, Index layer);
};

struct Gpt2 final : CausalModel {
  Config config;
  std::unique_ptr<Embedding> wte, wpe;
  std::vector<std::unique_ptr<Block>> h;
  std::unique_ptr<LayerNorm> ln_f;

  Gpt2(const Config& config, Weights& weights);

 protected:
  Parameter& words() override { return wte->weight; }
  Var embed(const Pass& pass, const Inputs& inputs) override;
  Var layer(Index i, const Pass& pass, Var x, const Inputs& inputs) override;
  Var finish(const Pass& pass, Var x) override { return ln_f->forward(pass, x); }
};

}  // namespace nn::inline LOWRANK_PRECISION::gpt2
