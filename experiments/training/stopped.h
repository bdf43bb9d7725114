#pragma once

#include <stdexcept>

#include "experiments/namespaces.h"

namespace experiments::training {

/// Long work that was asked to stop, as by SIGINT or SIGTERM, and leaves with what is finished
/// kept. What it says is how far it came. There is no other way to stop; main ends with 130 then.
struct Stopped : std::runtime_error {
  using std::runtime_error::runtime_error;
};

}  // namespace experiments::training
