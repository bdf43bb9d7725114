#pragma once

#include "nn/module.h"

/// The layers a transformer is made of. B batch rows, T positions, C = d_model, V words.
namespace nn::inline LOWRANK_PRECISION {

/// 1/√fan_in: the standard deviation of W with which W x is about as large as x.
double preserving_stddev(Index fan_in);

/// y = x Wᵀ + b, with weight W (out,in) and bias b (out), which may be empty: then there is none.
struct Linear : Projection {
  Parameter weight, bias;

  /// W ~ N(0, stddev²), drawn from the stream (seed, name + ".weight"); b = 0.
  Linear(Index in, Index out, double stddev, std::uint64_t seed, const std::string& name);

  Var forward(const Pass& pass, Var x) override;
  void visit(const std::string& prefix, const Visitor& fn) override;
  Index in_features() const override { return weight.value.cols(); }
  Index out_features() const override { return weight.value.rows(); }
};

/// A table with one row per id, which another one may stand for.
struct Embedding : Module {
  Parameter weight;  // (V,C)

  /// Rows ~ N(0, stddev²), drawn from the stream (seed, name + ".weight").
  Embedding(Index rows, Index cols, double stddev, std::uint64_t seed, const std::string& name);

  virtual Var forward(const Pass& pass, std::span<const int> ids);  ///< -> (ids.size(), C)
  void visit(const std::string& prefix, const Visitor& fn) override;
};

inline constexpr double layernorm_eps = 1e-5;

struct LayerNorm final : Module {
  Parameter weight, bias;  // (C), 1 and 0 at the start
  const double eps;

  /// Throws std::invalid_argument unless epsilon is finite and above 0: a row of equal numbers has
  /// no variance to divide by.
  explicit LayerNorm(Index size, double epsilon = layernorm_eps);

  Var forward(const Pass& pass, Var x);
  void visit(const std::string& prefix, const Visitor& fn) override;
};

/// Dropout with probability p in passes that carry a stream; otherwise the identity. Has no
/// parameters. Such a pass throws std::invalid_argument unless p is in [0, 1).
struct Dropout {
  double p = 0;
  Var forward(const Pass& pass, Var x) const;
};

}  // namespace nn::inline LOWRANK_PRECISION
