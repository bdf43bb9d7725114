#pragma once

#include "nn/models/config.h"

namespace nn::inline LOWRANK_PRECISION {

/// What GPT-2 and LLaMA have in common: what is read out of the last state, with a weight of its own
/// or the table of the embeddings. A classifier reads the last position of a row whose id is not the
/// padding's, whatever the mask says.
struct CausalModel : Pretrained {
  bool tied = true;             ///< the head of a language model is the token table
  std::optional<int> pad = {};  ///< the id that fills rows up, for a classifier
  Parameter lm_head;            ///< (V,C), where it is not tied
  Parameter score;              ///< (labels,C), of a classifier

  Var read_out(const Pass& pass, const Inputs& inputs, Var last, std::span<const int> at) final;
  /// Throws std::invalid_argument also for several rows of a classifier without a padding's id.
  void check(const Inputs& inputs) const final;

 protected:
  virtual Parameter& words() = 0;  ///< the token table (V,C)
  void make_head(Builder build);   ///< of `head`, `sizes` and `tied`
};

}  // namespace nn::inline LOWRANK_PRECISION
