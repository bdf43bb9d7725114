#pragma once

#include "nn/models/distances.h"
#include "nn/models/encoder.h"

/// DeBERTa, He et al. 2021, in its three versions: BERT's layers, with content and distance apart in
/// the attention. Versions 2 and 3 sort far distances into buckets; what tells 3 from 2 is its
/// training and vocabulary. Alphabet: B rows, T positions, C = hidden_size, V words.
namespace nn::inline LOWRANK_PRECISION::deberta {

struct Config : EncoderConfig {
  Index kernel = 0;  ///< of the convolution behind the first layer; 0: there is none
  Activation pooler = Activation::gelu, convolution = Activation::tanh;
  bool v1 = false;
  bool c2p = false, p2c = false;  ///< content to position, position to content
  bool share_keys = false;        ///< positions go through the projections of queries and keys
  bool norm_positions = false, position_input = false;
  Index distances = 0;  ///< M: distances from -M are told apart
  Index buckets = 0;    ///< N: far distances share buckets, and the table has 2N rows; 0: it has 2M
};
Config read_config(const ConfigReader& config, bool v1);  ///< throws ConfigError

struct Layer {
  Config config;
  std::unique_ptr<Projection> in_proj;             ///< v1: C -> 3C, head by head q, k, v
  Parameter q_bias, v_bias;                        ///< v1: (C)
  std::unique_ptr<Projection> query, key, value;   ///< v2
  std::unique_ptr<Projection> pos_key, pos_query;  ///< of the positions; null where shared
  Sublayers rest;

  Layer(const Config& config, Builder build);
  /// `rel` (R,C) are the positions that T can tell apart.
  Var forward(const Pass& pass, Var x, Var rel, const Inputs& inputs);
};

struct Deberta final : Pretrained {
  Config config;
  std::unique_ptr<Embeddings> embeddings;
  std::unique_ptr<Embedding> rel_embeddings;
  std::unique_ptr<LayerNorm> rel_norm, conv_norm;
  std::vector<std::unique_ptr<Layer>> blocks;
  Parameter conv_weight, conv_bias;  ///< (C, C kernel) and (C)
  std::unique_ptr<Projection> pooler, classifier;

  Deberta(const Config& config, Weights& weights);
  Var read_out(const Pass& pass, const Inputs& inputs, Var last, std::span<const int> at) override;

 protected:
  Var embed(const Pass& pass, const Inputs& inputs) override;
  Var layer(Index i, const Pass& pass, Var x, const Inputs& inputs) override;

 private:
  Var convolve(const Pass& pass, Var before, Var after, const Inputs& inputs);
};

}  // namespace nn::inline LOWRANK_PRECISION::deberta
