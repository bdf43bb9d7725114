#pragma once

#include <optional>

#include "lora/methods/method.h"

namespace lora::inline LOWRANK_PRECISION {

/// An adapter behind a projection, added to what it gives:
///   y = base(x),   y + W_up φ(W_down n(y) + b_down) + b_up
/// with W_down (m,out), W_up (out,m), and n a layer norm of its own or nothing. W_up and both
/// biases start at zero, so it starts as the base. Unlike LoRA's, its product is not linear in x
/// and comes after the base's: it cannot be merged, and costs time in every forward pass.
struct Bottleneck final : nn::Projection {
  enum class Phi { gelu, relu };

  std::unique_ptr<nn::Linear> base;
  Phi phi;
  std::optional<nn::LayerNorm> norm;
  nn::Linear down, up;

  /// Freezes `linear` and wraps it. W_down ~ N(0, 1/out), drawn from the stream
  /// (seed, name + ".adapter.down.m<width>.weight").
  Bottleneck(std::unique_ptr<nn::Linear> linear, Index width, Phi phi, bool with_norm,
             std::uint64_t seed, const std::string& name);

  Var forward(const Pass& pass, Var x) override;
  void visit(const std::string& prefix, const Visitor& fn) override;
  Index in_features() const override { return base->in_features(); }
  Index out_features() const override { return base->out_features(); }
};

/// Wraps the linear in a slot.
void add_bottleneck(std::unique_ptr<nn::Projection>& slot, Index width, Bottleneck::Phi phi,
                    bool with_norm, std::uint64_t seed, const std::string& name);

}  // namespace lora::inline LOWRANK_PRECISION
