#pragma once

#include "experiments/harness/run_card.h"

/// The run card of the fake cells. In a header of its own, because it includes the JSON library.
namespace fake {

inline experiments::harness::RunCard card() {
  return {"table6",
          {{"steps", {{"nli", 800}, {"sqlgen", 500}}}, {"alpha", 8}},
          {{"ranks", {1, 4}}, {"seeds", {0, 1, 2}}}};
}

}  // namespace fake
