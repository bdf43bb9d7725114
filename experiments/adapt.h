#pragma once

#include <atomic>

#include "data/tasks.h"
#include "experiments/cell.h"
#include "experiments/pretrain.h"
#include "lora/inject.h"

namespace experiments {

/// A flag for work that nobody stops.
inline const std::atomic<bool> never = false;

/// How an adaptation is trained, apart from what the cell says. AdamW without weight decay, linear
/// warm-up over 6 % of the steps, then linear to zero.
struct AdaptOptions {
  int batch = 32;
  double clip = 1.0;
  double warmup = 0.06;  ///< fraction of the steps
  lora::Init init = lora::Init::gaussian;
  double dropout = 0;  ///< LoRA's own
};

/// The injection that a LoRA cell asks for.
lora::LoraConfig lora_config(const Cell& cell, const AdaptOptions& options = {});

/// A copy of the base, frozen, wrapped or wholly trainable, as the cell's method says.
std::unique_ptr<nn::Decoder> prepare(const Base& base, const Cell& cell,
                                     const AdaptOptions& options = {});

/// Trains a prepared model on the examples for cell.steps steps and returns the loss of the last
/// one. The order of the examples is drawn from the stream (cell.seed, "adapt.order"); every
/// example comes once before any comes again. Throws SweepStopped once `stop` is set.
double train(nn::Decoder& model, const Cell& cell, std::span<const data::Example> examples,
             const AdaptOptions& options = {}, const std::atomic<bool>& stop = never,
             const StepCallback& on_step = {});

/// Which examples a trained model is scored on.
enum class ScoreOn { test, validation };

/// Prepares, trains and scores one cell. Its numbers depend on the base and the cell alone.
CellResult run_cell(const Base& base, const Cell& cell, ScoreOn score_on = ScoreOn::test,
                    const std::atomic<bool>& stop = never);

data::TaskOptions task_options(const Cell& cell);

}  // namespace experiments
