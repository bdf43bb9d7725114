#pragma once

#include "nn/models/pretrained.h"

/// Texts that a causal model continues: the most likely token each time, one that is drawn, or a
/// search over several continuations at once.
namespace nn::inline LOWRANK_PRECISION {

struct DecodeOptions {
  int max_tokens = 16;
  std::vector<int> stops = {};  ///< the tokens that end a continuation, which they are part of
  double temperature = 0;       ///< 0: always the most likely token; else logits are divided by it
  int top_k = 0;                ///< draw among the k most likely only; 0: among all
  int beams = 1;                ///< above 1: beam search, without a temperature
  double length_penalty = 1;    ///< of beams: their score is Σ log p / (tokens ^ length_penalty)
  int no_repeat_ngram = 0;      ///< n: no n tokens twice, the prompt's counted; 0: any
  bool reuse = true;            ///< keys and values of positions that were read are kept
};

struct Decoded {
  std::vector<int> ids;  ///< what follows the prompt
  double score = 0;      ///< of beams
  Index passes = 0;      ///< through the model
  /// Products q·k of a query and a key, in each head of each layer: of T positions behind P known
  /// ones it takes T (P + T), those that are masked counted too.
  Index products = 0;
};

/// The continuation of a prompt; it ends with a stop, after max_tokens, or where the model has no
/// more positions. The same bits with `reuse` and without, where rows fill whole vectors of the
/// processor. `random` is drawn from only where temperature > 0.
///
/// Beam search is that of transformers with its usual early_stopping=False: of all one-token
/// continuations of the running beams, those among the best `beams` that end are finished, and the
/// best `beams` of the others run on. It ends where `beams` are finished and the best running one,
/// scored at its present length, is no better than the worst of them.
///
/// Throws std::invalid_argument for a model that is not causal, an empty prompt or one that fills
/// all positions, ids out of range, and options out of range; std::runtime_error for logits that
/// are not finite.
Decoded decode(Pretrained& model, std::span<const int> prompt, const DecodeOptions& options,
               Random& random);

}  // namespace nn::inline LOWRANK_PRECISION
