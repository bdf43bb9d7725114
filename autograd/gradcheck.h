#pragma once

#include <functional>
#include <span>
#include <string>
#include <vector>

#include "autograd/tape.h"

namespace autograd::inline LOWRANK_PRECISION {

/// A function under test: records its computation on the tape from the given leaves.
using Function = std::function<Var(Tape&, std::span<const Var>)>;

struct GradcheckOptions {
  std::uint64_t seed = 1;
  /// Accepted |numeric - analytic| relative to max(1, |numeric|, |analytic|). Central differences
  /// with h = ε^(1/3) are wrong by about ε^(2/3) f''', 4e-11 in double, so 1e-7 leaves room for
  /// f'''.
  double tolerance = 1e-7;
};

struct GradcheckResult {
  bool ok = false;
  double error = 0;     ///< the largest relative error of the directional checks
  std::string message;  ///< empty if ok; else what is wrong and where, entry by entry
};

/// Compares ⟨Jᵀu, v⟩, from one backward with a random cotangent u, with the difference quotient
///   ⟨u, (f(x+hv) - f(x-hv)) / 2h⟩
/// for a random direction v in each input in turn. A sum instead of a random u would miss errors
/// that sum to zero: a softmax without a backward passes it. On failure every entry is compared and
/// the worst one is named. Gradients that are all zero, or too small for the tolerance to see,
/// fail: such a check says nothing. Meant for double.
GradcheckResult gradcheck(const Function& f, const std::vector<Tensor>& inputs,
                          const GradcheckOptions& options = {});

/// The same in the trainable ones of existing parameters, for whole models; each keeps its value.
/// Their gradients are overwritten.
GradcheckResult gradcheck(const std::function<Var(Tape&)>& f,
                          std::span<Parameter* const> parameters,
                          const GradcheckOptions& options = {});

}  // namespace autograd::inline LOWRANK_PRECISION
