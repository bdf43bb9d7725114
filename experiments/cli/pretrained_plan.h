#pragma once

#include "experiments/cli/pretrained_prepare.h"

/// What train --model says: the plan before the work, and the scores after it. Only for source
/// files: it includes the JSON library.
namespace experiments::cli {

/// What the training will take.
struct Plan {
  nn::Index all = 0, trainable = 0;
  long steps = 0, per_epoch = 0;
  finetune::Padding padding;
  finetune::Cost cost;
};

/// Measures a step and a score of what was prepared.
Plan plan_of(const PretrainedTrain& given, Prepared& prepared);

/// The plan as a person reads it, some lines, and as one JSON object.
std::string describe(const PretrainedTrain& given, const Prepared& prepared, const Plan& plan,
                     const nn::ModelFolder& folder);
nn::Json to_json(const PretrainedTrain& given, const Prepared& prepared, const Plan& plan);

/// "accuracy 33.00 % of 300 texts, 1.0988 nats each", or of a language model its perplexity.
std::string to_string(const finetune::TextScore& score, bool is_classifier);

}  // namespace experiments::cli
