#pragma once

#include "lora/variants/variant.h"

namespace lora::inline LOWRANK_PRECISION {

/// PiSSA, Meng et al. 2024: LoRA that starts at the r largest singular directions of W0, with what
/// is left of it frozen,
///   y = (W0 - s B0 A0) x + s B A x,   s B0 A0 = U_r Σ_r V_rᵀ,   A0 = √(Σ_r/s) V_rᵀ, B0 = U_r √(Σ_r/s).
/// A and B start as A0 and B0, so that y = W0 x. W0 stays as it is here, where others store the
/// rest in its place. Parameters: base.weight, base.bias, lora_A, lora_B.
struct Pissa final : Variant {
  LoraLinear lora;
  Parameter A0, B0;  // (r,in), (out,r); constants, not visited

  struct Start {
    Tensor A0, B0;
  };
  /// By the singular value decomposition. Throws std::invalid_argument as lora::check does, for a
  /// scale that is not above 0, and for a weight that is not finite.
  static Start start_of(const nn::Linear& linear, const LoraSpec& spec, const std::string& name);

  /// Freezes and wraps. Throws as LoraLinear does.
  Pissa(std::unique_ptr<nn::Linear> linear, const LoraSpec& spec, const std::string& name,
        Start start);

  Var forward(const Pass& pass, Var x) override;
  void visit(const std::string& prefix, const Visitor& fn) override { lora.visit(prefix, fn); }
  Index in_features() const override { return lora.in_features(); }
  Index out_features() const override { return lora.out_features(); }
  nn::Linear& linear() override { return *lora.base; }
  Eigen::MatrixXd merged() const override;
  std::unique_ptr<nn::Linear> take_linear() override { return std::move(lora.base); }

  /// The same change of W0 as LoRA of twice the rank with twice the α, A = [A; A0], B = [B, -B0]. It
  /// can be loaded without a decomposition.
  Tensor doubled_a() const;
  Tensor doubled_b() const;
};

}  // namespace lora::inline LOWRANK_PRECISION
