#pragma once

#include "experiments/cli/base_options.h"
#include "experiments/cli/pretrained.h"
#include "experiments/cli/train_run.h"

namespace experiments::cli {

/// The options of train. What is not given follows from the others: the task, the method, the base.
struct TrainOptions {
  data::Task task = data::tasks::nli;
  const lora::Method* method = &lora::method("lora");
  std::string mode;  ///< the same as method; empty: not given
  std::optional<int> size;
  std::filesystem::path out, results = "results";

  std::vector<std::string> targets{"q", "v"};
  std::string targets_regex;
  std::vector<int> blocks;
  int rank = 4;
  double alpha = 8;
  lora::Scaling scaling = lora::Scaling::alpha_over_r;
  lora::Init init = lora::Init::gaussian;
  double dropout = 0, lr_ratio = 1;
  std::vector<std::pair<std::string, nn::Index>> rank_pattern;
  std::vector<std::pair<std::string, double>> alpha_pattern;

  std::string optimizer = "adamw", labels = "true";
  std::optional<double> lr;
  std::optional<int> steps, examples, facts;
  std::uint64_t seed = 1;
  std::optional<int> init_seed, data_seed;
  BaseOptions base;
  bool dry_run = false, json = false;

  PretrainedTrain pretrained;  ///< with --model: what only that has; its `model` says whether
  std::string recipe;          ///< the name of a paper's
};

void add_train_options(Command& command, TrainOptions& given);

/// Some of them, for a sweep: the method and its size, how LoRA is trained (without its patterns),
/// how and on how
/// much anything is, and what takes the seed apart.
void add_method_option(Command& command, TrainOptions& given, const std::string& help);
void add_size_option(Command& command, TrainOptions& given, const std::string& help);
void add_lora_options(Command& command, TrainOptions& given);
void add_optimizer_options(Command& command, TrainOptions& given);
void add_seed_options(Command& command, TrainOptions& given);

/// Is told of options that say nothing beside the others, and why: "with --method full".
using SayNothing =
    std::function<void(const std::vector<std::string>& options, const std::string& why)>;

/// The run that the options name, its learning rate included; options that say nothing are left out
/// of it. Throws UsageError and std::invalid_argument for what cannot be trained.
TrainRun train_run(const TrainOptions& given, const SayNothing& say_nothing);

/// The same for a command line, on which an option that says nothing is an error.
TrainRun train_run(const Command& command, const TrainOptions& given);

}  // namespace experiments::cli
