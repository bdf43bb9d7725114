#pragma once

#include "experiments/harness/experiment.h"

/// Does dropout on the input of A matter when B starts at zero? LoRA on {q,v} at r = 4 with dropout
/// p, everything else equal; control p = 0. The paper's method has none, its GPT-2 runs (Table 11)
/// have 0.1. What p does at the first step is measured beside it: with B = 0 the layer's product is
/// zero whatever the input of A, so the loss does not see p, and dA = s Bᵀ dy xᵀ is exactly zero;
/// dB = s dy (A x)ᵀ does see it.
namespace experiments::beyond::dropout {

Experiment experiment();

/// The first step of LoRA on one batch with dropout p, B = 0.
struct FirstStep {
  double p = 0;
  double loss = 0;
  double largest_dA = 0;  ///< largest |element| over all layers
  double norm_dB = 0;     ///< Frobenius, over all layers
  double dB_change = 0;   ///< ‖dB - dB at p = 0‖ / ‖dB at p = 0‖
};

/// `cell` names the base, the task, the rank and the targets; its dropout is replaced by each of
/// `p`, and p = 0 is what dB is compared with.
std::vector<FirstStep> first_steps(const Base& base, const Cell& cell,
                                   const std::vector<double>& p);

}  // namespace experiments::beyond::dropout
