#pragma once

#include "experiments/harness/experiment.h"
#include "experiments/paper/adapters.h"

/// Table 7 of the paper: ‖Uᵀ W V‖_F with U and V the first r directions of ΔW, of W, and random
/// ones; and what of it is more than chance.
namespace experiments::paper::table7 {

/// One column of the table.
struct Entry {
  std::string task, matrix;  ///< "nli", "blocks.0.attn.q"
  AlphaRule rule = AlphaRule::fixed;
  Repetition repetition;
  lora::Amplification amplification;
};

/// For every repetition, rank, rule for alpha and adapted matrix.
std::vector<Entry> entries_of(const std::vector<AdaptedModel>& models, double fixed_alpha);

/// F5: random < ΔW < W, and amplification falls with r. For each task, on Wq as in the paper, means
/// over the blocks, in doublings:
///   (a) log2 of ‖Uᵀ W V‖ from ΔW over that from random directions, mean over r >= 4, is above 0
///   (b) log2 of that from W over that from ΔW, mean over r >= 4, is above 0
///   (c) log2 of the amplification factor at r = 4 over that at r = 16 is above 0, alpha fixed
///   (d) the same with alpha in proportion to r
/// The first two ranks are too few for (a): one random direction meets W almost nowhere half of the
/// time. By chance alone (c) would be 2 + log2 of how ‖ΔW‖ falls; the note says what is left of it.
Finding finding_of(const std::vector<Entry>& entries);

Csv csv(const std::vector<Entry>& entries);

/// The paper's table, and one for each task, matrix and rule for alpha.
std::vector<Section> sections(const std::vector<Entry>& entries);

Experiment experiment();

}  // namespace experiments::paper::table7
