#pragma once

#include "lora/lora_linear.h"

namespace lora::inline LOWRANK_PRECISION {

/// A frozen linear layer with a trained change of another form than LoRA's. Shapes: x (..,in), W0
/// (out,in), y (..,out).
struct Variant : nn::Projection {
  virtual nn::Linear& linear() = 0;  ///< what it wraps: W0 and its bias

  /// W, in double (out,in), with which the linear layer alone computes the same.
  virtual Eigen::MatrixXd merged() const = 0;

  virtual std::unique_ptr<nn::Linear> take_linear() = 0;  ///< ends it: nothing else may follow
};

/// √(Σ_j W_ij²) of each row i, (out).
Tensor row_norms(const Eigen::MatrixXd& W);

/// Values as a tensor, each rounded once.
Tensor rounded(const Eigen::MatrixXd& values);

}  // namespace lora::inline LOWRANK_PRECISION
