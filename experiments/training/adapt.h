#pragma once

#include <atomic>

#include "data/tasks.h"
#include "experiments/training/cell.h"
#include "experiments/training/pretrain.h"
#include "lora/methods/method.h"
#include "nn/optimizer.h"

namespace experiments::training {

/// A flag for work that nobody stops.
inline const std::atomic<bool> never = false;

/// How an adaptation is trained, apart from what the cell says: without weight decay, with a linear
/// warm-up over 6 % of the steps and then linearly to zero.
struct AdaptOptions {
  int batch = 32;
  double clip = 1.0;
  double warmup = 0.06;  ///< fraction of the steps
};

/// The injection that a LoRA cell asks for. The targets in some blocks are named in full, and those
/// of a recurrent base, where ih is ih_l0, ih_l1, ..., by layer.
lora::LoraConfig lora_config(const Cell& cell);

/// The method that a cell of a decoder asks for, unless it is "frozen".
lora::MethodSpec method_spec(const Cell& cell);

/// The size at which a method trains about as many parameters as LoRA on q and v at r = 4; beside
/// LoRA it is eight positions. 0 for a method without a size.
int usual_size(const lora::Method& method, const nn::DecoderConfig& model);

/// A copy of the base, frozen or adapted by the cell's method.
std::unique_ptr<nn::Model> prepare(const Base& base, const Cell& cell);

/// The optimizer that the cell names, over the model's trainable parameters, with cell.lr_ratio as
/// the factor of the learning rate of every B.
std::unique_ptr<nn::Optimizer> make_optimizer(nn::Module& model, const Cell& cell);

/// A step that was taken: the loss before it, and the learning rate with which it was taken.
struct StepTaken {
  int step = 0, steps = 0;  ///< step 1 is the first
  double loss = 0, lr = 0;
};
using OnStep = std::function<void(const StepTaken&)>;

/// Trains a prepared model on the examples for cell.steps steps and returns the loss of the last
/// one. `on_step` may look at the model. The order of the examples is drawn from the stream
/// (cell.seed, "adapt.order"); every example comes once before any comes again. Throws Stopped
/// once `stop` is set.
double train(nn::Model& model, const Cell& cell, std::span<const data::Example> examples,
             const AdaptOptions& options = {}, const std::atomic<bool>& stop = never,
             const OnStep& on_step = {});

/// What the cell is trained on: the first cell.examples of its seed. With permuted labels their
/// answers change places among them, in the order of the stream (cell.seed_of_data(), "labels.permuted").
std::vector<data::Example> training_examples(const Cell& cell);

/// Which examples a trained model is scored on.
enum class ScoreOn { test, validation };

/// Looks at a trained model and may add measurements to the cell's result.
using Measure = std::function<void(nn::Model& trained, CellResult& result)>;

/// Prepares, trains, scores and measures one cell. Its numbers depend on the base and the cell
/// alone. One that diverged has the train_nll NaN and is scored as it was left; where its logits
/// are not finite, its value is 0 and its nll NaN.
CellResult run_cell(const Base& base, const Cell& cell, ScoreOn score_on = ScoreOn::test,
                    const std::atomic<bool>& stop = never, const Measure& measure = {});

data::TaskOptions task_options(const Cell& cell);

}  // namespace experiments::training
