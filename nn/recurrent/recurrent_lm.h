#pragma once

#include "nn/model.h"
#include "nn/recurrent/recurrent.h"

/// A language model on an LSTM or a GRU.
/// Alphabet: B batch rows, T positions, H hidden units, V words.
namespace nn::inline LOWRANK_PRECISION {

struct RecurrentLmConfig {
  RecurrentKind kind = RecurrentKind::lstm;
  Index vocabulary = 0;         ///< V
  Index context = 0;            ///< the longest T; nothing in the model has this size
  Index hidden = 64;            ///< H, and how wide the embeddings are
  Index layers = 2;             ///< stacked
  double embedding_stddev = 1;  ///< as PyTorch's nn.Embedding

  bool operator==(const RecurrentLmConfig&) const = default;
};

/// Throws std::invalid_argument naming the first field that makes no model.
void validate(const RecurrentLmConfig& config);

/// The embedding of each token goes through the stack, and the head scores every word from the last
/// layer's h. As in Mikolov et al. 2010 and Sundermeyer et al. 2012.
///
/// There are no positions: the order of the steps is the order of the tokens. There is no norm: h is
/// made of tanh and σ and lies within -1 .. 1, so nothing grows from layer to layer.
///
/// The slots are those of the stack, rnn.ih_l0, rnn.hh_l0, rnn.ih_l1, ..., so that LoRA's targets
/// ih_l0 and hh_l1 name one of them. Embedding and head are tables without a slot, as the decoder's.
struct RecurrentLm final : Model {
  const RecurrentLmConfig config;
  Embedding tok;  // (V,H)
  Recurrent rnn;
  Parameter head;  // (V,H)

  /// The stack as Recurrent draws it, embeddings ~ N(0, embedding_stddev²), head ~ N(0, 1/H), each
  /// from its own stream (seed, name). Throws as validate().
  RecurrentLm(const RecurrentLmConfig& config, std::uint64_t seed);

  Index vocabulary() const override { return config.vocabulary; }
  Index context() const override { return config.context; }

  /// Throws as check_tokens(), and std::invalid_argument where a row's mask has padding before a
  /// token: what follows would be read from a state that has read the padding.
  Var logits(const Pass& pass, const Tokens& tokens, std::span<const int> positions) override;

  void visit(const std::string& prefix, const Visitor& fn) override;
  void visit_slots(const std::string& prefix, const SlotVisitor& fn) override;
};

}  // namespace nn::inline LOWRANK_PRECISION
