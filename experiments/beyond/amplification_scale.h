#pragma once

#include "experiments/harness/experiment.h"

/// Table 7's reading, that ΔW amplifies directions that W has but does not stress (random < ΔW < W
/// and a factor far above 1), comes from a model 12288 wide whose ΔW is small beside W. Does it
/// appear here as the change gets smaller (fewer changed meanings K), alpha lower, or the model
/// wider? Hu et al. 2021, section 7.3 and Table 7.
namespace experiments::beyond::amplification_scale {

/// sqlgen with LoRA of rank 4 on q and v: one reference (K = options.facts, alpha = options.alpha,
/// width 64), and from it K, alpha and width varied one at a time. The control is what a random
/// direction meets, ‖W‖ r / √(out in), printed beside every value.
///
/// All bases are made with fewer steps than elsewhere, since a wide one is expensive; so the
/// reference is not the base of the other experiments. The learning rate falls as 64 / width, as in
/// pre-training.
///
/// Further measurements of a result, for every adapted matrix: w_norm, delta_norm, in_delta, in_w,
/// expected_random, as in lora::Amplification, each "<what>.<matrix>".
Experiment experiment();

/// Adds them. NaN where a weight is not finite.
void measure_amplification(nn::Module& trained, CellResult& result);

/// One row of the table: a setting and a kind of matrix, means over layers and repetitions.
struct AmplificationRow {
  int facts = 0, width = 0;
  double alpha = 0;
  std::string matrix;                         ///< "q" or "v"
  int matrices = 0;                           ///< how many the means are over
  double score = 0;                           ///< points
  double relative = 0;                        ///< ‖ΔW‖ / ‖W‖
  double random = 0, in_delta = 0, in_w = 0;  ///< ‖Uᵀ W V‖ of random, ΔW's and W's directions
  double over_random = 0;                     ///< mean of in_delta / random
  double factor = 0;                          ///< mean of ‖ΔW‖ / in_delta
  int ordered = 0;                            ///< in how many matrices random < ΔW < W
};
std::vector<AmplificationRow> amplification_rows(const std::vector<CellResult>& results);

}  // namespace experiments::beyond::amplification_scale
