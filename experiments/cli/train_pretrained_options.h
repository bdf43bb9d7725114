#pragma once

#include "experiments/cli/train_options.h"

/// The options of train that belong to --model: fine-tuning another's model on a file.
namespace experiments::cli {

void add_pretrained_options(Command& command, TrainOptions& given);

/// Their names, which say nothing of the toy tasks.
const std::vector<std::string>& pretrained_only();

/// What the options name. A recipe's values are those of the options that are not given. Throws
/// UsageError for an option that has no effect on such a training.
PretrainedTrain pretrained_train(const Command& command, const TrainOptions& given);

}  // namespace experiments::cli
