#pragma once

#include "experiments/harness/sweep.h"
#include "experiments/training/cell.h"

/// What a cell costs.
namespace experiments::harness {

/// What a cell is expected to take on one core of a current machine; the sweep corrects it as it
/// goes.
double expected_seconds(const Cell& cell);

/// How many times longer a training step takes here than where expected_seconds was measured: three
/// rounds of a LoRA step on one thread, in all about a tenth of a second.
double slowness();

/// A sweep of cells that train, so many at a time, with what each is expected to cost.
SweepOptions training_sweep(int jobs);

}  // namespace experiments::harness
