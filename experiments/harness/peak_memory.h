#pragma once

#include "experiments/namespaces.h"

namespace experiments::harness {

/// The most memory, in MB of 10^6 bytes, that this process has had, as Linux counts it; elsewhere
/// NaN. What it has at the start, the program, is a few MB.
double peak_mb();

}  // namespace experiments::harness
