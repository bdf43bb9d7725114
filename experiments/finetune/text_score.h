#pragma once

#include <functional>

#include "experiments/finetune/text_batch.h"

namespace experiments::finetune {

/// What a model says of a text.
struct TextAnswer {
  std::vector<int> best;  ///< the most likely label, or id at each target after the right ones
  double nll = 0;         ///< nats, summed over the text's targets
};
using OnTextAnswer = std::function<void(std::size_t text, const TextAnswer& answer)>;

/// How well a model says what the texts ask for.
struct TextScore {
  long texts = 0, targets = 0;
  long right = 0;  ///< targets that are the most likely ones
  double nll = 0;  ///< nats, summed over the targets

  double share() const { return static_cast<double>(right) / static_cast<double>(targets); }
  double mean_nll() const { return nll / static_cast<double>(targets); }
};

/// The texts by their lengths, so many at a time as have 1024 ids together, filled up, or one that is
/// longer; `on_answer` gets them in that order, with their numbers. Throws nn::NonFiniteLogits.
TextScore score_texts(nn::Pretrained& model, std::span<const Text> texts, int pad,
                      const OnTextAnswer& on_answer = {});

}  // namespace experiments::finetune
