#pragma once

#include "lora/variants/variant.h"

namespace lora::inline LOWRANK_PRECISION {

/// The two random matrices that all layers of VeRA share and nobody trains.
struct VeraMatrices {
  Parameter A, B;  // (r,widest in), (widest out,r)

  /// A ~ N(0, 1/in) and B ~ N(0, 1/r), from the streams (seed, "vera_A") and (seed, "vera_B").
  VeraMatrices(Index rank, Index in, Index out, std::uint64_t seed);
};

/// VeRA, Kopiczko et al. 2023, equation 2: only two vectors of each layer are trained,
///   y = W0 x + λ_b ∘ B (λ_d ∘ A x),
/// with the first `in` columns of the shared A and the first `out` rows of the shared B. λ_d (r)
/// starts as 0.1 and λ_b (out) as zero, so that y = W0 x. Parameters: base.weight, base.bias,
/// vera_lambda_b, vera_lambda_d; the shared matrices belong to no layer and are not visited.
struct Vera final : Variant {
  std::unique_ptr<nn::Linear> base;
  std::shared_ptr<VeraMatrices> shared;
  double dropout;
  Parameter lambda_b, lambda_d;

  /// Freezes and wraps. Throws std::invalid_argument where the matrices are too small for the layer.
  Vera(std::unique_ptr<nn::Linear> linear, std::shared_ptr<VeraMatrices> matrices,
       double dropout = 0);

  Var forward(const Pass& pass, Var x) override;
  void visit(const std::string& prefix, const Visitor& fn) override;
  Index in_features() const override { return base->in_features(); }
  Index out_features() const override { return base->out_features(); }
  nn::Linear& linear() override { return *base; }
  Eigen::MatrixXd merged() const override;
  std::unique_ptr<nn::Linear> take_linear() override { return std::move(base); }
};

}  // namespace lora::inline LOWRANK_PRECISION
