#pragma once

#include "data/tokenizers/tokenizer.h"
#include "experiments/cli/pretrained.h"
#include "experiments/finetune/finetune.h"
#include "nn/files/json.h"
#include "nn/models/model_folder.h"

/// What a training of train --model, or of a sweep of them, begins with. Only for source files: it
/// includes the JSON library.
namespace experiments::cli {

/// A model that is about to be trained, and on what.
struct Prepared {
  std::unique_ptr<nn::Pretrained> model;
  std::unique_ptr<data::tokenizers::Tokenizer> tokenizer;
  finetune::FinetuneTexts texts;
  std::vector<std::string> labels;  ///< of a classifier
  bool is_new_head = false;
  std::string about_data;
};

/// With LoRA's targets, those of the paper by the type of the model where none are given.
PretrainedTrain with_targets(PretrainedTrain given, const nn::ModelFolder& folder);

/// Reads the data and the model, which gets what is to train (load_trainable). Throws UsageError and
/// std::invalid_argument where they do not fit each other.
Prepared prepare(const PretrainedTrain& given, const nn::ModelFolder& folder);

/// The model of the folder, with LoRA in it or trained as a whole, and with a new classifier for
/// the labels, where there are any and it has none. Draws from given.seed.
std::unique_ptr<nn::Pretrained> load_trainable(const PretrainedTrain& given,
                                               const nn::ModelFolder& folder,
                                               const std::vector<std::string>& labels);

/// What the rows of a sweep share: the model, the texts as it reads them, and how anything is trained
/// on them.
nn::Json shared_settings(const PretrainedTrain& given, const nn::ModelFolder& folder,
                         const finetune::FinetuneTexts& texts);

/// All that tells a training from another one, as text: `run`, its shared_settings, and what is its
/// own beside them.
std::string identity(const PretrainedTrain& given, nn::Json run);

}  // namespace experiments::cli
