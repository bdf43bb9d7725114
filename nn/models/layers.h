#pragma once

#include <string_view>

#include "nn/layers.h"

/// Layers that the decoder of nn/ does without.
namespace nn::inline LOWRANK_PRECISION {

/// Each row by its root mean square, times a weight (C). Zhang & Sennrich 2019.
struct RmsNorm final : Module {
  Parameter weight;
  double eps;
  explicit RmsNorm(double epsilon) : eps(epsilon) {}
  Var forward(const Pass& pass, Var x);
  void visit(const std::string& prefix, const Visitor& fn) override;
};

/// The functions between two products, by their names in config.json.
enum class Activation { gelu, gelu_tanh, relu, silu, tanh };
/// Throws std::invalid_argument naming the valid ones.
Activation parse_activation(std::string_view name);
Var activate(Activation activation, Var x);

}  // namespace nn::inline LOWRANK_PRECISION
