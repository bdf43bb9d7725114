#pragma once

#include "lora/lora_linear.h"

namespace lora::inline LOWRANK_PRECISION {

/// LoRA on a table of rows, as loralib and PEFT have it: row i is W0_i + s B A_i, with A (r,V), whose
/// column i is A_i, and B (C,r). A starts as zero and B ~ N(0, 1), so that W = W0. The table that it
/// stands for is its own `weight`, frozen; what else uses the table, as a head that is tied to it,
/// goes on using W0, as in PEFT. Parameters: weight, lora_embedding_A, lora_embedding_B.
struct LoraEmbedding final : nn::Embedding {
  LoraSpec spec;  // dropout says nothing here
  Parameter A, B;

  /// Takes the table over and freezes it. Throws as lora::check does, with the table as it was. B is
  /// drawn from the stream (seed, name + ".lora_embedding_B").
  LoraEmbedding(nn::Embedding& table, const LoraSpec& spec, std::uint64_t seed,
                const std::string& name);

  Var forward(const Pass& pass, std::span<const int> ids) override;
  void visit(const std::string& prefix, const Visitor& fn) override;

  double scale() const { return lora::scale(spec.scaling, spec.alpha, spec.rank); }
  Eigen::MatrixXd merged() const;  ///< the table with which it computes, in double (V,C)
};

}  // namespace lora::inline LOWRANK_PRECISION
