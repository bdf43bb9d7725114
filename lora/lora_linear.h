#pragma once

#include <optional>

#include "lora/scaling.h"
#include "nn/layers.h"

namespace lora::inline LOWRANK_PRECISION {

using nn::Index;
using nn::Parameter;
using nn::Pass;
using nn::Tensor;
using nn::Var;

/// How A starts; B starts at zero in both, so that ΔW = 0.
enum class Init {
  gaussian,  ///< A ~ N(0, 1/in): "random Gaussian" in the paper, which leaves the variance open
  kaiming_uniform,  ///< A ~ U(-1/√in, 1/√in): kaiming_uniform_(a=√5), as in the authors' loralib
};
std::string to_string(Init init);        ///< "gaussian" or "kaiming-uniform"
Init parse_init(std::string_view text);  ///< throws std::invalid_argument naming the valid ones

/// What one wrapped projection is made with.
struct LoraSpec {
  Index rank = 4;
  double alpha = 8;  ///< 0 switches the change off, below 0 it is subtracted, as in PEFT
  Scaling scaling = Scaling::alpha_over_r;
  Init init = Init::gaussian;
  double dropout = 0;  ///< on the input of A, in passes that carry a dropout stream
};

/// Throws std::invalid_argument where the rank is below 1 or above min(in, out), where alpha is not
/// finite, or where dropout is not in [0, 1).
void check(const LoraSpec& spec, Index in, Index out, const std::string& name);

/// How far a merged weight, rounded once, is from W0 + s B A in double.
struct MergeError {
  double absolute = 0;  ///< the largest difference
  double relative = 0;  ///< the largest difference relative to an exact element that is not 0
};

/// A merge that would put a NaN or an infinity into a weight; nothing was changed.
struct NonFiniteMerge : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// h = W0 x + s B A x, Hu et al. 2021, equation 3, with s from lora::scale. W0 (out,in) and its
/// bias are the wrapped linear's and frozen; A is (r,in), B is (out,r). In training BA is never
/// formed: x Aᵀ is only r wide. Parameters: base.weight, base.bias, lora_A, lora_B.
struct LoraLinear final : nn::Projection {
  std::unique_ptr<nn::Linear> base;
  LoraSpec spec;
  Parameter A, B;

  /// Freezes `linear` and wraps it. A is drawn from the stream (seed, name + ".lora_A.r<rank>"):
  /// with the rank in the name, A at r = 4 is not the first rows of A at r = 8, which would fake a
  /// shared subspace. Throws as check() does, with the linear lost: a model calls that first.
  LoraLinear(std::unique_ptr<nn::Linear> linear, const LoraSpec& spec, std::uint64_t seed,
             const std::string& name);

  Var forward(const Pass& pass, Var x) override;
  void visit(const std::string& prefix, const Visitor& fn) override;
  Index in_features() const override { return base->in_features(); }
  Index out_features() const override { return base->out_features(); }

  double scale() const { return lora::scale(spec.scaling, spec.alpha, spec.rank); }
  Eigen::MatrixXd delta() const;  ///< ΔW = s B A, in double (out,in)

  /// Replaces the base weight by W0 + ΔW, rounded once from double; forward is then the base's
  /// alone. Throws std::logic_error if it is merged already, NonFiniteMerge before anything
  /// changes.
  MergeError merge();
  /// Puts W0 back, bit for bit. Throws std::logic_error if it is not merged.
  void unmerge();
  bool merged() const { return w0_.has_value(); }
  const Tensor& w0() const { return w0_ ? *w0_ : base->weight.full(); }  ///< W0, merged or not

 private:
  std::optional<Tensor> w0_;  // while merged
};

}  // namespace lora::inline LOWRANK_PRECISION
