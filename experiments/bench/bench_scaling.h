#pragma once

#include <string>
#include <vector>

#include "experiments/bench/bench_step.h"

namespace experiments::bench {

/// One size that varies, all others at those of scaling_start().
struct ScalingSweep {
  std::string what;                   ///< "d", "L", "T", "B", "r" or "matrices"
  std::vector<double> x;              ///< its values, rising
  std::vector<StepBench> steps = {};  ///< the step at each
};

/// d = 128, L = 4, T = 64, B = 16, V = 128, heads of 32; LoRA of rank 4 on q and v.
StepBench scaling_start();

/// All sweeps. "matrices" is the number of trained weight matrices: LoRA on q; q and v; q, k, v, o;
/// and these with up and down, in each of the L layers.
std::vector<ScalingSweep> scaling_sweeps();

struct ScalingPoint {
  double x;
  double ms;     ///< of a step, the median
  double bytes;  ///< of the tape, of gradients and of AdamW's moments; without the weights
};

/// What was measured in one sweep. An exponent p says that the quantity grows as x^p.
struct Scaling {
  std::string what;
  std::vector<ScalingPoint> points;
  double time_exponent = 0, memory_exponent = 0;
};

/// Times each point with so many steps.
Scaling measure(const ScalingSweep& sweep, int threads, int steps);

/// One line for each point: what,x,ms,bytes and the exponents of its sweep.
std::string scaling_csv(const std::vector<Scaling>& all);

/// One line for each sweep.
std::string scaling_table(const std::vector<Scaling>& all);

}  // namespace experiments::bench
