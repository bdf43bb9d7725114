#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "experiments/namespaces.h"
#include "nn/models/pretrained.h"

/// Texts as a model reads them, in batches, and the loss of what it is to say of them.
namespace experiments::finetune {

/// A text in ids. A classifier is to say its label; a causal model each id from `first_target` on,
/// given those before it.
struct Text {
  std::vector<int> ids;
  std::vector<int> types = {};  ///< of each id, BERT's token type; empty: 0
  int first_target = 0;         ///< at least 1 for a causal model
  int label = -1;               ///< its number; -1: it has none

  long targets() const {  ///< how many predictions its loss is a sum of
    return label >= 0 ? 1 : static_cast<long>(ids.size()) - first_target;
  }
};

/// Rows filled up to one length.
struct TextBatch {
  nn::Inputs inputs;              ///< (B,T), with a mask where the model wants one
  std::vector<int> positions;     ///< (n) in 0 .. B*T-1: where something is to be said
  std::vector<int> targets;       ///< (n) which id, or which label
  std::vector<std::size_t> rows;  ///< (n) in which row
};

/// `pad` is the id that fills rows up.
TextBatch text_batch(const nn::Pretrained& model, std::span<const Text* const> rows, int pad);

/// The logits (n,V) or (n,labels) at the batch's positions.
nn::Var text_logits(const nn::Pass& pass, nn::Pretrained& model, const TextBatch& batch);

/// The batches of an epoch, as numbers of texts: every text once, `size` of them in each batch but
/// the last. Texts of similar length stand together: they are drawn in random order, sixteen batches
/// of them are sorted by length, and the batches then come in random order. Drawn from the stream
/// (seed, "finetune.order.<epoch>").
std::vector<std::vector<int>> epoch_batches(std::span<const Text> texts, int size,
                                            std::uint64_t seed, long epoch);

/// How much of what is computed fills rows up.
struct Padding {
  long ids = 0;     ///< of texts
  long places = 0;  ///< rows times length, added up over the batches
  double share() const { return 1 - static_cast<double>(ids) / static_cast<double>(places); }
};
Padding padding(std::span<const Text> texts, const std::vector<std::vector<int>>& batches);

/// How the gradients of a batch are computed.
struct GradientOptions {
  int parts = 1;               ///< in which the batch is cut, to take less memory
  double label_smoothing = 0;  ///< autograd::CrossEntropySpec
  int pad = 0;
  nn::Random* dropout = nullptr;  ///< no stream, no dropout
};

/// Adds to the parameters' gradients those of the batch's loss, the mean over all its targets, and
/// returns that loss. It is the same in however many parts: a part counts by its targets, not by its
/// rows. Without dropout parts change nothing but the order of sums.
double add_gradients(nn::Tape& tape, nn::Pretrained& model, std::span<const Text* const> rows,
                     const GradientOptions& options);

}  // namespace experiments::finetune
