#pragma once

#include "experiments/harness/experiment.h"
#include "experiments/paper/adapters.h"
#include "experiments/training/noise.h"

/// Table 7 of the paper: ‖Uᵀ W V‖_F with U and V the first r directions of ΔW, of W, and random
/// ones; and what of it is more than chance.
namespace experiments::paper::table7 {

/// One column of the table.
struct Entry {
  std::string task, matrix;  ///< "nli", "blocks.0.attn.q"
  AlphaRule rule = AlphaRule::fixed;
  Repetition repetition;
  lora::Amplification amplification;
  bool permuted = false;  ///< of an adapter with permuted labels
  /// The same from the first r directions of noise, of this W (noise_reading).
  std::optional<lora::Amplification> noise = {};
};

/// C and G of a base on a task.
using MomentsByBase = std::map<std::pair<std::string, std::uint64_t>, Moments>;  // task, base seed

/// For every repetition, rank, rule for alpha and adapted matrix; with noise where there are moments.
std::vector<Entry> entries_of(const std::vector<AdaptedModel>& models, double fixed_alpha,
                              const MomentsByBase& moments = {});

/// A line for each eigenvalue of C and of G: task, base_seed, matrix, i, inputs, gradients.
Csv moments_csv(const MomentsByBase& moments);

/// F5: W has more in the directions of ΔW than chance gives and less than in its own, and
/// amplification falls with r. For each task, on Wq as in the paper, means over the blocks, α fixed,
/// in doublings:
///   (a) log2 of ‖Uᵀ W V‖ from ΔW over that from ΔW of an adapter with permuted labels, mean over
///       r >= 4, is above 0. Over random directions noise would be above 0 too: whatever the inputs
///       teach lies where W was trained.
///   (b) log2 of that from W over that from ΔW, mean over r >= 4, is above 1: at most half. Above 0
///       it is always, by a theorem; the paper's is 6.1 at r = 4 and 4.3 at r = 64.
///   (c) log2 of the amplification factor at r = 4 over that at r = 16, minus the same with permuted
///       labels, is above 0. By chance alone it is 2 + log2 of how ‖ΔW‖ falls; the note says what is
///       left of it.
Finding finding_of(const std::vector<Entry>& entries);

/// What the paper never claimed, and what says how to read (c): with α in proportion to r, log2 of
/// the factor at r = 4 over that at r = 16 is above 0. Judged by itself.
Finding proportional_finding(const std::vector<Entry>& entries);

Csv csv(const std::vector<Entry>& entries);

/// The paper's table, and one for each task, matrix and rule for alpha.
std::vector<Section> sections(const std::vector<Entry>& entries);

Experiment experiment();

}  // namespace experiments::paper::table7
