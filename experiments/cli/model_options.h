#pragma once

#include "experiments/cli/base_options.h"
#include "experiments/cli/model_source.h"

/// The options that give eval, merge and generate their model and task.
namespace experiments::cli {

struct ModelOptions {
  std::filesystem::path adapter, checkpoint, results = "results";
  BaseOptions base;  // of the commands that take a base without adapter
};

enum class BareBase { taken, refused };  ///< whether there may be neither adapter nor checkpoint

void add_model_options(Command& command, ModelOptions& options, BareBase bare);

/// Throws UsageError for an option that has no effect beside the others.
ModelSource model_source(const Command& command, const ModelOptions& options);

struct GivenTask {
  std::optional<data::Task> task;
  std::optional<int> facts;
};

void add_task_options(Command& command, GivenTask& given);

/// What --task and --facts say, otherwise what the model was trained on. Throws UsageError where
/// neither says it.
TaskChoice chosen_task(const Command& command, const GivenTask& given, const SourcedModel& sourced);

/// The same before there is a model: throws what chosen_task would throw whatever the model.
void check_task_options(const Command& command, const GivenTask& given);

}  // namespace experiments::cli
