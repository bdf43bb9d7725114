#pragma once

#include <filesystem>

#include "experiments/training/adapt.h"
#include "nn/loss.h"

namespace experiments::cli {

/// One training step of a task on a tape that keeps everything: forward and backward have run, no
/// weight was moved.
///
/// The batch is the first rows of the training set of cell.seed. Of the cell, the fields task,
/// method ("full" or "lora"), targets, rank, alpha, scaling, facts and seed matter. Under "lora" B
/// is drawn from N(0, 0.01/r) in the stream (seed, <its name> + ".trace"): where a training starts,
/// at B = 0, the gradient of A is zero and nothing can be seen of it.
struct TracedStep {
  Cell cell;
  BaseConfig base;
  std::unique_ptr<nn::Model> model;
  nn::TokenBatch batch;
  nn::Tape tape;
  nn::Var loss;

  TracedStep(const Base& shared, const Cell& traced, int rows);
};

/// The step in prose for a terminal of 100 columns: the batch, every node on the way forward, every
/// gradient on the way back, and what it all cost.
std::string to_text(const TracedStep& step);

/// Writes all that is needed to compute the step again elsewhere, as one safetensors file:
///
///   param.<name>   every parameter                        grad.<name>  of the trainable ones
///   ids, targets   (B,T), int32                           loss_weight  (B,T)
///   logits         (B,T,V), of every position             loss         (1)
///
/// with loss = Σ weight · nll / Σ weight. Metadata: heads; gelu, "erf" or "tanh"; tied, "true" or
/// "false"; layernorm_eps; mode, "full" or "lora"; lora_scale, which multiplies x Aᵀ Bᵀ and is 0
/// where there is none; under "lora" also targets, rank, alpha and scaling; task, seed, base_seed
/// and base_steps. Folders that are missing are created. Throws nn::FileError.
void save(const TracedStep& step, const std::filesystem::path& path);

}  // namespace experiments::cli
