#pragma once

#include <cstddef>

#include "experiments/training/cell.h"

/// What a cell costs.
namespace experiments {

/// What a cell is expected to take on one core of a current machine; the sweep corrects it as it
/// goes.
double expected_seconds(const Cell& cell);

/// How many times longer a training step takes here than where expected_seconds was measured: three
/// rounds of a LoRA step on one thread, in all about a tenth of a second.
double slowness();

/// Expected peak memory of one cell: a copy of the model and a step's tensors.
constexpr std::size_t bytes_per_cell = 40'000'000;

}  // namespace experiments
