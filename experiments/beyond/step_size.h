#pragma once

#include "experiments/harness/experiment.h"

/// Figure 3's shared direction and Table 7's amplification against the size of the step. Both are
/// taken from adapters trained at one learning rate; here LoRA on {q,v} is trained at several
/// factors of the recorded rate and, at that rate, at the same factors of alpha. While B is near its
/// start, a step of Adam moves BA in proportion to either (adam_alpha.h); but at a smaller alpha A
/// moves as far as before, and at a smaller rate it does not. The score stands beside: a step can be
/// too small to learn.
/// Hu et al. 2021, Figure 3 (there r = 8 and 64) and Table 7 (r = 4).
///
/// Controls: phi is corrected for chance, so independent directions have 0; W meets random
/// directions at a log-position of 0; the frozen base has the score to begin with.
namespace experiments::beyond::step_size {

Experiment experiment();

/// The ranks: phi is between adapters of `fewer` and `more`, trained with one seed, amplification
/// is that of `amplified`.
constexpr int amplified = 4, fewer = 8, more = 16;

/// Adds of every adapted matrix relative, factor, over_random and position, each "<what>.<matrix>":
/// ‖ΔW‖ / ‖W‖, ‖ΔW‖ / a, a / random and the log-position, with a = ‖Uᵀ W V‖
/// (lora/analysis/low_rank.h). NaN where a weight is not finite.
void measure_amplification(nn::Module& trained, CellResult& result);

/// Adds of every adapted matrix, of the inputs that two changes ΔW of it read:
///   top     phi(1,1) of their first directions, corrected for chance
///   second  sigma_2 / sigma_1, the larger of the two: where it is near 1 there is no first
///           direction, and top is small even if both read the same plane
///   cosine  the largest squared principal cosine of the whole subspaces, chance in it
/// NaN where a weight is not finite.
void measure_agreement(nn::Module& of_fewer, nn::Module& of_more, CellResult& result);

/// Trains, scores and measures a cell. phi is between two adapters, so beside one of `more` ranks
/// that of `fewer` is trained, with the same seed and for this alone.
CellResult train_and_measure(const Base& base, const Cell& cell,
                             const std::atomic<bool>& stop = never);

/// What is read off a run, as a mean over its adapted matrices: "score" and "score_more" in points,
/// or one of the measurements above. The mean of a quotient is that of its log2.
struct Quantity {
  std::string name;
  int rank = 0;  ///< of the runs that have it
  bool is_quotient = false;
};
const Quantity& quantity(const std::string& name);

/// What is read off the runs of a task at this rate and alpha, of the matrices of this kind ("q",
/// "v") or of all ("").
ByRepetition read_off(const std::vector<CellResult>& results, const std::string& task, double lr,
                      double alpha, const Quantity& quantity, const std::string& kind = "");

/// The rule, fixed before the grid was run; for each task, at this alpha, from the smallest to the
/// largest rate, within one repetition, mean over the adapted matrices:
///   shared at a small step  D = phi(1,1) at the smallest rate, corrected      holds above 0.5
///   less at a large one     D = phi(1,1) at the smallest - at the largest     holds above 0
///   the factor grows        D = log2 factor at the largest - at the smallest  holds above 1
///   the place stays         D = |log-position at the largest - at the smallest|  holds below 0.1
/// 0.5 is the paper's "larger than 0.5". A random dW fails the first, shows nothing in the second,
/// and passes the others if it grows with the rate: that is what they say, that the factor tells
/// how large dW is and not where. The last takes D without its sign, so that repetitions that move
/// up and down do not cancel; 0.1 is a quarter of the paper's 0.4. These are judged among
/// themselves.
Finding finding(const std::vector<CellResult>& results, double alpha);

}  // namespace experiments::beyond::step_size
