#pragma once

#include <cstddef>

#include "experiments/namespaces.h"

namespace experiments::bench {

/// Fused multiply-adds that this processor does at most, counted as two operations each: 10⁹ a
/// second, on `threads` threads at once. Measured: independent chains of vector instructions that
/// never leave the registers, the best of several short runs.
double fma_peak_gflops(int threads);

/// What a ← b + s c moves on `threads` threads at once, 10⁹ bytes a second, where the three arrays
/// of each thread take so many bytes together. Counted as three arrays' bytes, as in STREAM
/// (McCalpin 1995). The best of several runs.
double triad_gbytes_per_second(std::size_t bytes, int threads);

}  // namespace experiments::bench
