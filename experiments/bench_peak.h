#pragma once

namespace experiments {

/// Fused multiply-adds that this processor does at most, counted as two operations each: 10⁹ a
/// second, on `threads` threads at once. Measured: independent chains of vector instructions that
/// never leave the registers, the best of several short runs.
double fma_peak_gflops(int threads);

}  // namespace experiments
