#pragma once

#include "autograd/half.h"
#include "nn/layers.h"

/// Parameters that are kept in 16 bits: `half` in the place of `value`, frozen. Everything that
/// walks over parameters sees them under their names; what needs their floats takes them from here,
/// and Parameter::full() refuses, so that nothing reads an empty value for a weight.
namespace nn::inline LOWRANK_PRECISION {

using autograd::HalfType;

/// Rounds the value to 16 bits, gives its floats up and freezes it. Throws std::range_error as
/// autograd::rounded_to, with the parameter as it was.
void keep_in_half(Parameter& parameter, HalfType type);
/// Back to floats, the same numbers; does nothing where there are floats. It may then train.
void unpack(Parameter& parameter);

// Of a parameter in 16 bits or not:
Shape shape(const Parameter& parameter);
Tensor in_full(const Parameter& parameter);  ///< a copy of its floats

/// x Wᵀ + b, with or without a bias: x (..,in) -> (..,out).
Var product(const Pass& pass, Var x, Parameter& weight, Parameter* bias = nullptr);
/// Rows of a table (V,C): (n,C).
Var rows(const Pass& pass, Parameter& table, std::span<const int> ids);
/// All of it: in 16 bits a constant, for tables of some hundred rows.
Var whole(const Pass& pass, Parameter& parameter);

/// A Linear whose weight may be in 16 bits. LoRA and its relatives wrap it as any other.
struct HalfLinear final : Linear {
  explicit HalfLinear(const std::string& name) : Linear(0, 0, 0, 0, name) {}
  Var forward(const Pass& pass, Var x) override;
  Index in_features() const override { return shape(weight).cols(); }
  Index out_features() const override { return shape(weight).rows(); }
};

/// An Embedding whose table may be.
struct HalfEmbedding final : Embedding {
  explicit HalfEmbedding(const std::string& name) : Embedding(0, 0, 0, 0, name) {}
  Var forward(const Pass& pass, std::span<const int> ids) override {
    return rows(pass, weight, ids);
  }
};

}  // namespace nn::inline LOWRANK_PRECISION
