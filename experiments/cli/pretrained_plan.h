#pragma once

#include "data/tokenizers/tokenizer.h"
#include "experiments/cli/pretrained.h"
#include "experiments/finetune/finetune.h"
#include "nn/files/json.h"
#include "nn/models/model_folder.h"

/// What train --model says: the plan before the work, and the scores after it. Only for source
/// files: it includes the JSON library.
namespace experiments::cli {

/// A model that is about to be trained, and on what.
struct Prepared {
  std::unique_ptr<nn::Pretrained> model;
  std::unique_ptr<data::tokenizers::Tokenizer> tokenizer;
  finetune::FinetuneTexts texts;
  std::vector<std::string> labels;  ///< of a classifier
  lora::LoraConfig lora;
  bool is_new_head = false;
  std::string about_data;
};

/// What the training will take.
struct Plan {
  nn::Index all = 0, trainable = 0;
  long steps = 0, per_epoch = 0;
  finetune::Padding padding;
  finetune::Cost cost;
};

/// The plan as a person reads it, some lines, and as one JSON object.
std::string describe(const PretrainedTrain& given, const Prepared& prepared, const Plan& plan,
                     const nn::ModelFolder& folder);
nn::Json to_json(const PretrainedTrain& given, const Prepared& prepared, const Plan& plan);

/// "accuracy 33.00 % of 300 texts, 1.0988 nats each", or of a language model its perplexity.
std::string to_string(const finetune::TextScore& score, bool is_classifier);

}  // namespace experiments::cli
