#pragma once

#include "experiments/cli/train_options.h"

/// The options of train that belong to --model: fine-tuning another's model on a file.
namespace experiments::cli {

void add_pretrained_options(Command& command, TrainOptions& given);

/// Their names, which say nothing of the toy tasks.
const std::vector<std::string>& pretrained_only();

/// Whether an option was given.
using IsGiven = std::function<bool(const std::string& option)>;

/// What the options name. A recipe's values, which `options` reads into `given`, are those of the
/// options that were not given; options that say nothing beside the others are left out. Throws
/// UsageError for what cannot be trained.
PretrainedTrain pretrained_train(const Command& options, const TrainOptions& given,
                                 const IsGiven& is_given, const SayNothing& say_nothing);

/// The same for a command line, on which an option that says nothing is an error.
PretrainedTrain pretrained_train(const Command& command, const TrainOptions& given);

}  // namespace experiments::cli
