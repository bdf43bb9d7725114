#pragma once

#include "experiments/harness/experiment.h"

/// What an adaptation learns and what it forgets. A score on the new task says nothing of what was
/// there before; here every trained model is also asked for the pre-training tasks, and its
/// matrices are looked through for intruder dimensions. Biderman et al. 2024, "LoRA learns less and
/// forgets less"; Shuttleworth et al. 2024, "LoRA vs full fine-tuning: an illusion of equivalence".
namespace experiments::beyond::forgetting {

/// Of the first k left or right singular vectors of a matrix, those whose best |cos| with the
/// base's is below epsilon are intruders. A random direction of R^64 has a best |cos| of about .33
/// (lora::chance_best_cosine), so epsilon = .6 is well above chance.
constexpr int intruder_directions = 10;
constexpr double intruder_epsilon = 0.6;

/// Frozen, full fine-tuning, and LoRA on all attention matrices at each r. The frozen base is the
/// control: it has forgotten nothing and has no intruders.
///
/// Further measurements of a result:
///   pretraining_nll.<task>  nats per target token of the pre-training task, on 250 examples that
///                           no training drew
///   intruders.<matrix>      number among the first 10
///   best_cosine.<matrix>    mean best |cos| of the first 10, for every trained matrix
Experiment experiment();

/// F11, the rule, fixed before any grid was run. A statement is one paired contrast D; r is LoRA's
/// smallest rank in the table and R its largest. An adaptation contradicts what pre-training says
/// of its own task, so forgetting counts the other pre-training tasks alone:
///   forgetting = mean over the pre-training tasks of another name of (nll - nll of the frozen
///                base), in nats per target token
///
///   learns less     D = score(full) - score(LoRA r), points                  holds here if D > 0
///   forgets less    D = forgetting(full) - forgetting(LoRA r)                holds here if D > 0
///   less with less  D = forgetting(LoRA R) - forgetting(LoRA r), R >= 4 r    holds here if D > 0
///   intruders       D = intruders(LoRA r) - intruders(full), mean over the attention matrices
///                                                                            holds here if D > 0
std::vector<Finding> findings(const std::vector<CellResult>& results);

/// The tasks of pre-training that have right answers: all but nli_unreliable.
const std::vector<std::string>& pretraining_tasks();

/// Adds pretraining_nll.<task> for each of pretraining_tasks(), on examples named by the base's
/// seed.
void measure_pretraining(const Base& base, nn::Model& trained, CellResult& result);

/// Adds intruders.<matrix> and best_cosine.<matrix> for every projection whose weight was trained,
/// by itself or through LoRA. `base` is the model before, without wrappers. The vectors are those
/// on the shorter side of the matrix, where the base's are a whole basis. Where a weight is not
/// finite both are NaN.
void measure_intruders(nn::Module& base, nn::Module& trained, CellResult& result);

}  // namespace experiments::beyond::forgetting
