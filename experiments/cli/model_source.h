#pragma once

#include <filesystem>
#include <optional>

#include "data/tasks.h"
#include "experiments/training/pretrain.h"
#include "nn/files/checkpoint.h"

namespace experiments::cli {

/// Which model a command works with: a base from the cache or a checkpoint, alone or under an
/// adapter: LoRA, or what another method has trained.
struct ModelSource {
  std::filesystem::path adapter;              ///< its folder; empty: none
  std::filesystem::path checkpoint;           ///< instead of a base; empty: none
  std::filesystem::path results = "results";  ///< the base is in its folder "base"
  BaseConfig base;  ///< where there is neither a checkpoint nor an adapter, which names its own
};

struct SourcedModel {
  std::unique_ptr<nn::Decoder> model;  ///< with the adapter's layers, not merged
  std::string adapter, base;           ///< what it was made of, for people; adapter may be empty
  std::string method;                  ///< of the adapter: "lora", "bitfit"
  bool is_unverified = false;          ///< the adapter has no fingerprint to compare the base with
  std::string labels_from;             ///< the file or folder that the labels were read in
  nn::Metadata labels;                 ///< of the adapter, otherwise of the checkpoint or base
};

/// A base that the cache does not have; the message says how to make it.
struct NoBase : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws NoBase; what lora::load_method and nn::load_checkpoint throw; std::invalid_argument for
/// an adapter that does not say which base it needs, and for a checkpoint with another vocabulary
/// than the tasks'.
SourcedModel load_model(const ModelSource& source);

/// "adapter DIR on base-….safetensors".
std::string to_string(const SourcedModel& sourced);

/// As many new facts as table6 asks for.
data::TaskOptions default_task_options();

struct TaskChoice {
  data::Task task = data::tasks::nli;
  data::TaskOptions options = default_task_options();
};

/// The task that the labels name; nothing where they name none. Throws std::invalid_argument with
/// the place where they were read if what they name is no task or no number of facts.
std::optional<TaskChoice> labelled_task(const SourcedModel& sourced);

}  // namespace experiments::cli
