#pragma once

#include "nn/models/config.h"

/// What BERT, RoBERTa and DeBERTa have in common: everything but how positions look at each other.
/// Alphabet: B rows, T positions, C = hidden_size.
namespace nn::inline LOWRANK_PRECISION {

struct EncoderConfig {
  Index vocabulary = 0, positions = 0, types = 0, width = 0, layers = 0, heads = 0, inner = 0;
  Index labels = 0;
  Activation activation = Activation::gelu;
  double eps = 0, dropout = 0;
  Head head = Head::none;
};
/// Throws ConfigError.
EncoderConfig read_encoder_config(const ConfigReader& config, std::initializer_list<Head> heads,
                                  double eps);

/// LN(word + position + type), of which a model may lack the last two: (B,T,C).
struct Embeddings {
  std::unique_ptr<Embedding> words, positions, types;
  std::unique_ptr<LayerNorm> norm;
  Dropout dropout;

  Embeddings(const EncoderConfig& config, bool positions, Builder build);
  Var forward(const Pass& pass, const Inputs& inputs, const std::vector<int>& places);
};

/// A layer without its attention: x = LN(x + dense(attended)), then LN(x + output(gelu(inner x))).
struct Sublayers {
  std::unique_ptr<Projection> dense, intermediate, output;
  std::unique_ptr<LayerNorm> attention_norm, output_norm;
  Activation activation;
  Dropout dropout;

  Sublayers(const EncoderConfig& config, Builder build);
  Var forward(const Pass& pass, Var x, Var attended);
};

/// x (B,T,C) with zeros in the rows of padding.
Var without_padding(const Pass& pass, Var x, const Inputs& inputs);

/// What classifiers read: of the row that each position is in, the first position.
std::vector<int> first_of_rows(const Inputs& inputs, std::span<const int> positions);

}  // namespace nn::inline LOWRANK_PRECISION
