#pragma once

#include <span>

#include "lora/variants/variant.h"

namespace lora::inline LOWRANK_PRECISION {

/// AdaLoRA, Zhang et al. 2023, equation 3: the change has the form of a singular value
/// decomposition, of which directions can be taken away one by one,
///   y = W0 x + s B (e ∘ A x),   s = α / (r + 10⁻⁵),
/// with A (n,in) and B (out,n) near orthonormal and e (n,1). r is the rank that it started with: s
/// stays what it was when directions go, and n may be 0. A and B ~ N(0, 0.02²), e = 0. Parameters:
/// base.weight, base.bias, lora_A, lora_B, lora_E.
struct AdaLora final : Variant {
  std::unique_ptr<nn::Linear> base;
  LoraSpec spec;  // rank is r; scaling and init say nothing here
  Parameter A, B, E;

  /// Freezes and wraps; throws as lora::check does. The streams are (seed, name + ".lora_A") and
  /// ".lora_B".
  AdaLora(std::unique_ptr<nn::Linear> linear, const LoraSpec& spec, std::uint64_t seed,
          const std::string& name);

  /// Leaves the directions for which `kept` (n) is true.
  void keep(const std::vector<bool>& kept);

  Var forward(const Pass& pass, Var x) override;
  void visit(const std::string& prefix, const Visitor& fn) override;
  Index in_features() const override { return base->in_features(); }
  Index out_features() const override { return base->out_features(); }
  nn::Linear& linear() override { return *base; }
  Eigen::MatrixXd merged() const override;
  std::unique_ptr<nn::Linear> take_linear() override { return std::move(base); }

  double scale() const { return spec.alpha / (static_cast<double>(spec.rank) + 1e-5); }
};

/// What keeps A and B near orthonormal, to be added to the loss with a weight: the mean over all A
/// and B of ‖A Aᵀ - I‖ and ‖Bᵀ B - I‖ (Frobenius). The paper squares the norms; its authors' code
/// and PEFT do not. A layer without directions adds nothing, and is counted.
Var orthogonality(const Pass& pass, std::span<AdaLora* const> layers);

}  // namespace lora::inline LOWRANK_PRECISION
