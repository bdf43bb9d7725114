#pragma once

#include "experiments/beyond/sweep.h"

namespace experiments::cli {

/// Runs the experiment that `sweep` is, prints its table, draws its figure, and says where both
/// are.
void run_and_print(const beyond::sweep::Sweep& sweep, const harness::Experiment& experiment,
                   harness::Lab& lab);

}  // namespace experiments::cli
