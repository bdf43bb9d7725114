#pragma once

#include <functional>
#include <string>
#include <vector>

#include "experiments/cli/base_options.h"
#include "experiments/cli/train_run.h"

namespace experiments::cli {

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

/// Is told of options that say nothing beside the others, and why: "with --method full".
using SayNothing =
    std::function<void(const std::vector<std::string>& options, const std::string& why)>;

/// The run that the options name, its learning rate included; options that say nothing are left out
/// of it. Throws UsageError and std::invalid_argument for a wrong value.
TrainRun train_run(const TrainTexts& given, const SayNothing& say_nothing);

/// The same for a command line, on which an option that says nothing is an error.
TrainRun train_run(const Command& command, const TrainTexts& given);

/// Declares what says how LoRA is trained, without its patterns, and what says how and on what
/// anything is: what a cell can hold.
void add_lora_options(Command& command, TrainTexts& given);
void add_training_options(Command& command, TrainTexts& given);

}  // namespace experiments::cli
