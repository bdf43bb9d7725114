#pragma once

#include "nn/transformer.h"

namespace lora::inline LOWRANK_PRECISION {

using nn::Index;
using nn::Parameter;
using nn::Pass;
using nn::Tensor;
using nn::Var;

/// A prefix whose rows are parameters themselves: P rows for each of the first n blocks.
struct TrainedRows final : nn::Prefix {
  Parameter table;  // (n,P,C)

  explicit TrainedRows(Tensor start) { table.value = std::move(start); }

  Index length() const override { return table.value.shape[1]; }
  std::optional<Var> rows(const Pass& pass, Index layer) override;
  void visit(const std::string& prefix, const Visitor& fn) override;  ///< rows
};

/// P rows of the token table, drawn from the stream (seed, "prefix.rows") -> (1,P,C). Prompts that
/// start as words do better than random ones (Lester et al. 2021, section 3.2).
Tensor words_to_start(const nn::Decoder& model, Index P, std::uint64_t seed);

}  // namespace lora::inline LOWRANK_PRECISION
