#pragma once

#include "nn/layers.h"

namespace lora::inline LOWRANK_PRECISION {

using nn::Index;
using nn::Parameter;
using nn::Pass;
using nn::Tensor;
using nn::Var;

/// A table of V words with P trained rows behind them, under the ids V to V + P - 1: prompt tuning,
/// Lester et al. 2021, and P-tuning, Liu et al. 2021, once its encoder has done its work. Read before
/// a text they are a prompt, with positions like words. The words are the table's that it stands
/// for, frozen. Parameters: weight, prompt_embeddings.
struct PromptTable final : nn::Embedding {
  Parameter prompt;  // (P,C)

  /// Takes the table over. Throws std::invalid_argument for rows that are not as wide, or none.
  PromptTable(nn::Embedding& table, Tensor rows);

  Var forward(const Pass& pass, std::span<const int> ids) override;
  void visit(const std::string& prefix, const Visitor& fn) override;
};

}  // namespace lora::inline LOWRANK_PRECISION
