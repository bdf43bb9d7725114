#pragma once

#include "experiments/harness/experiment.h"

/// The loss and the quality against r, up to r = d = 64 where ΔW is no longer of low rank. Hu et
/// al. 2021, Table 18 (GPT-2 on E2E). LoRA on {q,v}; the loss is on validation examples, the score
/// on the test set. α is fixed, as in the paper, and one learning rate serves all r. Controls: the
/// frozen base and full fine-tuning.
namespace experiments::paper::table18 {

Experiment experiment();

/// The ranks: powers of four, in the preset full powers of two.
std::vector<int> ranks(Preset preset);

/// F7, fixed before any grid was run; D in nats per target token of the validation loss, within
/// one repetition:
///   "the loss falls with r"      D = loss(r = 1) - loss(r = 4)              holds here if D > 0
///   "and then is flat"           D = (loss(r = 16) - loss(r = 64))
///                                    - (loss(r = 1) - loss(r = 4)) / 4      holds here if D < 0
///        the last two doublings gain less than a quarter of what the first two do
/// The paper's own table: 0.05 at first, and -0.01 from r = 256 to 1024.
std::vector<Finding> findings(const std::vector<CellResult>& results);

}  // namespace experiments::paper::table18
