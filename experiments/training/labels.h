#pragma once

#include "experiments/training/cell.h"
#include "experiments/training/pretrain.h"
#include "nn/files/checkpoint.h"

namespace experiments::training {

/// What the files of a trained model say of its making: task, facts (sqlgen), method, seed, lr,
/// steps, examples and, as JSON, the base's configuration; size, blocks, optimizer, labels,
/// lr_ratio, init_seed and data_seed where they are not at their defaults.
nn::Metadata labels(const Cell& cell, const BaseConfig& base);

}  // namespace experiments::training
