#pragma once

#include <vector>

#include "experiments/bench_step.h"

namespace experiments {

/// The speed of the products of one shape, 10⁹ operations a second.
struct GemmTiming {
  const char* what;  ///< where in a training step it comes from
  nn::Index M, N, K;
  double nn, nt, tn;  ///< a b, a bᵀ, aᵀ b, the best of several runs
};

/// The products of a training step of that shape: of its layers, its heads, LoRA at rank 4, and the
/// head.
std::vector<GemmTiming> time_products(const BenchShape& shape, int threads);

}  // namespace experiments
