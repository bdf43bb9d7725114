#pragma once

#include <string>
#include <vector>

#include "experiments/namespaces.h"
#include "nn/transformer.h"

/// The time of one training step: forward, backward and AdamW, on random weights and ids. A step of
/// these shapes does the same work in any framework, so that two can be compared.
namespace experiments::bench {

/// A decoder of the form of GPT-2 and a batch for it.
struct BenchShape {
  std::string name;
  nn::Index V, T, C, layers, heads, B;

  nn::DecoderConfig decoder() const;
};

/// For what follows; 1 where there is no OpenMP.
void use_threads(int threads);

/// toy, small, mid and gpt2 (GPT-2's own 124 M parameters).
const std::vector<BenchShape>& bench_shapes();

struct StepBench {
  BenchShape shape;
  bool lora = true;    ///< on q and v, otherwise everything trains
  nn::Index rank = 4;  ///< alpha is twice the rank
  std::vector<std::string> targets = {"q", "v"};
  int threads = 1;
  int steps = 0;  ///< that are timed, after 3 that are not; 0: more for smaller shapes
};

struct StepTiming {
  double median_ms = 0, min_ms = 0;
  double tokens_per_s = 0;
  nn::Index trainable = 0;    ///< parameters
  double gflops = 0;          ///< of the matrix products, 10⁹ a second
  double peak_fraction = 0;   ///< gflops over what `threads` cores can do at most (fma_peak)
  long allocations = 0;       ///< tensors that the tape allocated after the first step
  nn::Index tape_bytes = 0;   ///< of values and gradients on the tape
  nn::Index state_bytes = 0;  ///< of the trained parameters' gradients and AdamW's moments
  double loss = 0;            ///< of the last step
};

StepTiming time_step(const StepBench& bench);

}  // namespace experiments::bench
