#pragma once

#include <filesystem>
#include <nlohmann/json_fwd.hpp>
#include <optional>

#include "experiments/harness/lr_search.h"
#include "experiments/training/adapt.h"
#include "experiments/training/task_score.h"
#include "nn/files/checkpoint.h"

namespace experiments::cli {

/// One adaptation of a base, as `lowrank train` runs it: a cell of a sweep, except that its LoRA
/// may go anywhere.
struct TrainRun {
  Cell cell;              ///< of a method of lora::all_methods()
  lora::LoraConfig lora;  ///< where the method has LoRA
  AdaptOptions adapt;
  BaseConfig base;
  std::string lr_source;  ///< where cell.lr comes from: "recorded for nli lora q,v"
};

/// The method with its size and its LoRA.
lora::MethodSpec spec_of(const TrainRun& run);

struct LearningRate {
  double lr = 0;
  std::string source;
};

/// What is used where no rate is recorded, for AdamW on the usual base: LoRA moves few numbers from
/// zero and bears a larger step than weights that were trained already.
constexpr double default_lora_lr = 1e-2, default_full_lr = 1e-3;

/// The recorded rate of the cell's task, method and targets, otherwise the default; on a base of
/// another width times 64/width, as an update of Adam in each of `width` inputs moves an output
/// `width` times as far. The source says so, and what else the cell does unlike the search.
LearningRate learning_rate(const Cell& cell, const LearningRates& recorded);

/// What inject would do to the base, without the base; throws as lora::plan.
std::vector<lora::Target> targets_of(const TrainRun& run);

/// The number of parameters that the run trains; throws as lora::validate.
nn::Index trainable_count(const TrainRun& run);

/// The run as a person would read it, some lines, and as one JSON object.
std::string describe(const TrainRun& run);
nlohmann::ordered_json to_json(const TrainRun& run);

/// Throws if the result could not be written to `out`: std::invalid_argument where something is
/// there already that it would replace, nn::FileError where the system refuses. `out` is a
/// checkpoint's file for full fine-tuning, and otherwise a folder: an adapter in PEFT's layout for
/// LoRA, method.safetensors for the other methods (lora/files/method_file.h).
void check_output(const TrainRun& run, const std::filesystem::path& out);

/// A step of a training. At ten of them, the last among them, also what the model scores after it
/// on the task's validation examples.
struct LossPoint {
  StepTaken taken;
  std::optional<TaskScore> validation;
};

struct TrainResult {
  std::unique_ptr<nn::Model> model;
  std::vector<LossPoint> losses;  ///< of every step
};

/// Trains with progress on standard error and writes the result with its losses. Throws Stopped
/// after SIGINT or SIGTERM and std::runtime_error where training diverged; nothing is written then.
TrainResult train_and_save(const Base& base, const TrainRun& run, const std::filesystem::path& out);

/// step,lr,train_nll,validation_nll,validation_score: nats per target token, and the share of
/// examples that are right. What was not measured at a step is empty.
std::string loss_csv(const std::vector<LossPoint>& losses);

/// Where the losses are written: OUT/loss.csv in a folder, MODEL.loss.csv beside a checkpoint
/// MODEL.safetensors; their picture likewise, with the extension ".svg".
std::filesystem::path loss_path(const TrainRun& run, const std::filesystem::path& out,
                                const char* extension = ".csv");

/// Draws the losses beside their file. Returns why it could not, or "".
std::string draw_losses(const TrainRun& run, const std::filesystem::path& out);

}  // namespace experiments::cli
