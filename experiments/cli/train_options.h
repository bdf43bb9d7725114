#pragma once

#include <string>

#include "experiments/cli/base_options.h"
#include "experiments/cli/train_run.h"

namespace experiments {

/// The options of train, as texts.
struct TrainTexts {
  std::string task, mode, method = "lora", size, out, results = "results";
  std::string targets = "q,v", targets_regex, blocks, rank = "4", alpha = "8", scaling = "alpha/r",
              init = "gaussian", dropout = "0", rank_pattern, alpha_pattern, lr_ratio = "1";
  std::string optimizer = "adamw", lr, steps, examples, seed = "1", facts;
  BaseTexts base = default_base_texts();
  bool dry_run = false, json = false;
};

void add_train_options(Command& command, TrainTexts& given);

/// The run that the options name, its learning rate included. Throws UsageError and
/// std::invalid_argument for a wrong value, and for an option that says nothing beside the others.
TrainRun train_run(const Command& command, const TrainTexts& given);

}  // namespace experiments
