#pragma once

#include <CLI/CLI.hpp>
#include <string>

#include "experiments/model_source.h"

/// The options by which eval, merge and generate are told their model and task.
namespace experiments {

struct ModelOptions {
  std::string adapter, checkpoint, results = "results";
  std::string base_seed, base_steps;  // of the commands that take a bare base
};

enum class BareBase { taken, refused };  ///< whether there may be neither adapter nor checkpoint

void add_model_options(CLI::App& command, ModelOptions& options, BareBase bare);

/// Throws UsageError for a wrong value, and for an option that has no effect beside the others.
ModelSource model_source(const CLI::App& command, const ModelOptions& options);

struct TaskOptionTexts {
  std::string task, facts;
};

void add_task_options(CLI::App& command, TaskOptionTexts& options);

/// What --task and --facts say, otherwise what the model was trained on. Throws UsageError where
/// neither says it.
TaskChoice chosen_task(const CLI::App& command, const TaskOptionTexts& options,
                       const SourcedModel& sourced);

/// The same before there is a model: throws what chosen_task would throw whatever the model.
void check_task_options(const CLI::App& command, const TaskOptionTexts& options);

/// Where a number is to go into JSON, which has no NaN and no infinities: these are "nan", "inf".
nlohmann::ordered_json json_number(double x);

}  // namespace experiments
