#pragma once

#include "experiments/harness/experiment.h"
#include "lora/scaling.h"

/// What is α: a learning rate? LoRA on {q,v} at r = 4 over a grid of α and learning rate, under
/// Adam and under SGD (with momentum 0.9, and rates of its own), on the first of the tasks and the
/// first base. Hu et al. 2021, section 4.1: with Adam, tuning α is about the same as tuning the
/// learning rate. Controls: the other optimizer, and the frozen base. Two measurements stand beside
/// the grid, first_step_change() and alpha_invariance().
namespace experiments::beyond::adam_alpha {

Experiment experiment();

/// How far the first step moves the model's function: the root mean square change of the logits
/// that LoRA on {q,v} makes with one step of the optimizer on one batch of 32, without clipping, at
/// a rate so small that the change is in proportion to it. With γ the scale, B = 0 and A's elements
/// of a variance without r in it,
///   SGD:  ΔB = -lr γ dy (A x)ᵀ,          so Δy = γ ΔB A x   goes as γ² ‖A x‖²,  that is γ² r
///   Adam: ΔB = -lr sign(dy (A x)ᵀ),      so Δy              goes as γ ‖A x‖₁,   that is γ r
/// Hence under SGD α/√r keeps the first step the same for all r and α/r shrinks it as 1/r; under
/// Adam α/r keeps it and α/√r lets it grow as √r. This is the law for large r: what one input
/// learns is felt by another as (A x)·(A x') = r x·x'/in ± √r ‖x‖‖x'‖/in, and in a batch of many
/// unlike inputs the second term, of which r = 1 has the most, makes the slope at small r steeper
/// by up to 1/2.
double first_step_change(const Base& base, const Cell& cell, double lr);

/// The exponent e of r that first_step_change() should have: 0, -1, 0, 1/2 as above.
double expected_exponent(const std::string& optimizer, lora::Scaling scaling);

/// The least-squares slope of log(change) over log(r). Throws as fitted_exponent.
double exponent(const std::vector<std::pair<int, double>>& change_by_rank);

/// Trains LoRA on {q,v} twice, the second time with α/(pq), p A, q B and, where `rates` is true,
/// learning rates p lr for A and q lr for B. Adam without ε (here one that rounding loses) does not
/// see the size of a gradient, so that is the same model at every step, in the same bits where p
/// and q are powers of two. B starts away from zero, where A's gradient would be zero. The control
/// leaves the rates as they are.
struct Invariance {
  double p = 1, q = 1;
  bool rates = true;
  bool same_bits = false;
  double largest_difference = 0;  ///< of a logit on a test batch
};
Invariance alpha_invariance(const Base& base, const Cell& cell, double p, double q, bool rates);

}  // namespace experiments::beyond::adam_alpha
