#pragma once

#include "experiments/harness/bases.h"
#include "experiments/harness/progress.h"
#include "experiments/harness/settings.h"

namespace experiments::harness {

/// What an experiment works with: how it is run, the bases that its cells adapt, and where it says
/// how far it is.
struct Lab {
  Settings settings;
  Bases bases;
  Progress& progress;

  Lab(Settings how, Progress& shown)
      : settings(std::move(how)),
        bases(settings.out / "base", settings.base_steps),
        progress(shown) {}
};

}  // namespace experiments::harness
