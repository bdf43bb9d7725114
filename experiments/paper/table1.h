#pragma once

#include "experiments/harness/experiment.h"

/// Inference latency: Hu et al. 2021, Table 1. A merged LoRA is a model of the same size with other
/// weights; an unmerged one, adapters and prefixes compute something more at every token. Weights
/// are random, since the time of a forward pass does not depend on their values.
namespace experiments::paper::table1 {

/// B rows of T positions through a model.
struct LatencyCase {
  int batch = 0, length = 0;
};

/// One model in one case. Times are ratios to the base within the same round.
struct LatencyRow {
  LatencyCase at;
  std::string model;    ///< "base", "base again", "LoRA merged", ..., the names in latency_models
  long parameters = 0;  ///< beside those of the base
  double seconds = 0;   ///< of one forward pass, median over all rounds
  std::vector<double> of_base;             ///< all rounds
  std::map<Repetition, double> slower_by;  ///< %, medians of `rounds` rounds each
};

/// "base", "base again" (the control: the same weights in a second model), LoRA merged and not,
/// Adapter-H, Adapter-L, prefix-embedding, prefix-layer, all with about LoRA's number of
/// parameters.
const std::vector<std::string>& latency_models();

/// Every model in one case, `repetitions` times `rounds` rounds, on one thread.
std::vector<LatencyRow> measure_latency(const LatencyCase& at, int rounds, int repetitions);

/// How many logits of a merged model differ in any bit from those of a plain decoder whose weights
/// are W0 + ΔW, computed in double and rounded once; A and B are random and named by the seed. And
/// how far merged and unmerged are apart, which round differently.
struct MergedOutput {
  long logits = 0, different = 0;
  double from_unmerged = 0;  ///< largest difference / largest logit
  double from_base = 0;      ///< the same against the base: what ΔW does (the control)
};
MergedOutput compare_merged(std::uint64_t seed);

/// Also writes table1.csv and run.json, which names the machine. Whoever wants numbers to believe
/// leaves the machine to it.
Experiment experiment();

/// F9, the part on outputs and latency, fixed before it was measured. The smallest slowdown in
/// Table 1 is 2.2 %, Adapter-L's on long inputs; less than that counts as none.
///   same output   D = logits that differ, of merged and W0 + ΔW          holds here if D < 1/2
///   no latency    D = merged ÷ base - 1, in %, per batch and length      holds here if D < 2.2 %
///   adapters      D = Adapter-H ÷ base - 1 and Adapter-L's, in %         holds here if D > 0 %
/// A pair is one repetition of the timing, the median over its rounds: the spread is that of one
/// machine's clock, and the interval says nothing of other machines.
std::vector<Finding> findings(const std::vector<LatencyRow>& rows,
                              const std::map<std::uint64_t, MergedOutput>& outputs);

}  // namespace experiments::paper::table1
