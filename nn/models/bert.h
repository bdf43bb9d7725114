#pragma once

#include "nn/models/encoder.h"

/// BERT, Devlin et al. 2019, and RoBERTa, Liu et al. 2019, the same network: a post-norm encoder
/// whose positions all see each other. Alphabet: B rows, T positions, C = hidden_size, V words.
namespace nn::inline LOWRANK_PRECISION::bert {

struct Config : EncoderConfig {
  bool roberta = false;  ///< its positions, its heads and its names
  bool pooled = false;   ///< whether there is a pooler
  int pad = 0;           ///< the id that RoBERTa does not count as a position
};
Config read_config(const ConfigReader& config, bool roberta);  ///< throws ConfigError

struct Layer {
  Index heads;
  std::unique_ptr<Projection> query, key, value;
  Sublayers rest;

  Layer(const Config& config, Builder build);
  Var forward(const Pass& pass, Var x, const Inputs& inputs);
};

struct Bert final : Pretrained {
  Config config;
  std::unique_ptr<Embeddings> embeddings;
  std::vector<std::unique_ptr<Layer>> blocks;
  std::unique_ptr<Projection> pooler;
  std::unique_ptr<Projection> transform, classifier;  ///< of the head
  std::unique_ptr<LayerNorm> transform_norm;
  Parameter word_bias;  ///< (V), of the masked language model

  Bert(const Config& config, Weights& weights);
  Var read_out(const Pass& pass, const Inputs& inputs, Var last, std::span<const int> at) override;

 protected:
  Var embed(const Pass& pass, const Inputs& inputs) override;
  Var layer(Index i, const Pass& pass, Var x, const Inputs& inputs) override;
};

}  // namespace nn::inline LOWRANK_PRECISION::bert
