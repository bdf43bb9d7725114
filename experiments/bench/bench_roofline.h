#pragma once

#include <string>
#include <vector>

#include "experiments/namespaces.h"

namespace experiments::bench {

/// A roof or a point of a roofline (Williams, Waterman and Patterson 2009): how fast a kernel is,
/// against how many operations it does for each byte that it must at least move. No kernel can be
/// above min(peak, bandwidth x operations per byte).
struct RooflineRow {
  std::string kind;    ///< "peak", "bandwidth", "product" or "sum"
  std::string config;  ///< toy, small or gpt2; "-" for a roof
  std::string what;    ///< of a bandwidth the place: "memory" or "L2"
  double intensity;    ///< operations per byte; of a bandwidth 1, where its roof is as many GFLOP/s
  double gflops;
};

/// The peak, the bandwidth of main memory and of the second-level cache, the products of training
/// steps (by what is built in, see gemm.h), and two kernels that only add: x + z, and column sums.
std::vector<RooflineRow> measure_roofline(int threads);

/// kind,config,what,flops_per_byte,gflops
std::string roofline_csv(const std::vector<RooflineRow>& rows);

}  // namespace experiments::bench
