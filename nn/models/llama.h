#pragma once

#include "nn/models/causal.h"

/// LLaMA, Touvron et al. 2023, with the grouped queries of its second version and the stretched
/// positions of its third. Alphabet: B rows, T positions, C = hidden_size, H query heads of hs
/// features, K heads of keys and values, V words.
namespace nn::inline LOWRANK_PRECISION::llama {

struct Config {
  Index vocabulary = 0, positions = 0, width = 0, layers = 0, heads = 0, key_heads = 0;
  Index head_size = 0, inner = 0;
  double eps = 0;
  std::vector<double> frequencies = {};  ///< of the rotary positions, (hs/2)
  Activation activation = Activation::silu;
  bool attention_bias = false, mlp_bias = false, tied = false;
  Head head = Head::causal;
  Index labels = 0;
  std::optional<int> pad = {};
};
Config read_config(const ConfigReader& config);  ///< throws ConfigError

struct Attention {
  Index heads, key_heads;
  std::vector<double> frequencies;
  std::unique_ptr<Projection> q_proj, k_proj, v_proj, o_proj;  ///< C -> H hs, K hs, K hs; H hs -> C

  Attention(const Config& config, Builder build);
  Var forward(const Pass& pass, Var x, const Inputs& inputs, Index layer);
};

/// x + attn(norm(x)), then x + down(silu(gate y) ∘ up y) with y = norm(x). The gate is that of
/// Shazeer 2020 (SwiGLU).
struct Layer {
  std::unique_ptr<RmsNorm> input_layernorm, post_attention_layernorm;
  Attention self_attn;
  std::unique_ptr<Projection> gate_proj, up_proj, down_proj;
  Activation activation;

  Layer(const Config& config, Builder build);
  Var forward(const Pass& pass, Var x, const Inputs& inputs, Index layer);
};

struct Llama final : CausalModel {
  Config config;
  std::unique_ptr<Embedding> embed_tokens;
  std::vector<std::unique_ptr<Layer>> blocks;
  std::unique_ptr<RmsNorm> norm;

  Llama(const Config& config, Weights& weights);

 protected:
  Parameter& words() override { return embed_tokens->weight; }
  Var embed(const Pass& pass, const Inputs& inputs) override;
  Var layer(Index i, const Pass& pass, Var x, const Inputs& inputs) override;
  Var finish(const Pass& pass, Var x) override { return norm->forward(pass, x); }
};

}  // namespace nn::inline LOWRANK_PRECISION::llama
