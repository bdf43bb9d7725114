#pragma once

#include "lora/variants/variant.h"

namespace lora::inline LOWRANK_PRECISION {

/// DoRA, Liu et al. 2024, equation 5: the direction of each row of W0 + s B A, and its length as a
/// parameter m (out) of its own,
///   W' = diag(m / c) (W0 + s B A),   c = the lengths of the rows of W0 + s B A.
/// m starts as the lengths of the rows of W0 and B as zero, so that W' = W0. In the gradient c is a
/// constant (section 4.3, and PEFT): what it would add turns the gradient of W a little, and costs a
/// product. Parameters: base.weight, base.bias, lora_A, lora_B, lora_magnitude_vector.
struct Dora final : Variant {
  LoraLinear lora;
  Parameter magnitude;  // m

  /// Freezes and wraps; throws as LoraLinear does.
  Dora(std::unique_ptr<nn::Linear> linear, const LoraSpec& spec, std::uint64_t seed,
       const std::string& name);

  Var forward(const Pass& pass, Var x) override { return forward_with(pass, x, norms()); }
  /// The same for a given c (out). This is the function of which backward has the gradient.
  Var forward_with(const Pass& pass, Var x, const Tensor& c);
  Tensor norms() const;  ///< c of the current A and B

  void visit(const std::string& prefix, const Visitor& fn) override;
  Index in_features() const override { return lora.in_features(); }
  Index out_features() const override { return lora.out_features(); }
  nn::Linear& linear() override { return *lora.base; }
  Eigen::MatrixXd merged() const override;
  std::unique_ptr<nn::Linear> take_linear() override { return std::move(lora.base); }

 private:
  Eigen::MatrixXd direction() const { return lora.w0().m.cast<double>() + lora.delta(); }
};

}  // namespace lora::inline LOWRANK_PRECISION
