#pragma once

#include "experiments/training/adapt.h"

namespace experiments::beyond::forgetting {

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
