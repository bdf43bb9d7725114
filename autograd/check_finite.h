#pragma once

#include <stdexcept>

#include "autograd/tape.h"

namespace autograd::inline LOWRANK_PRECISION {

/// The message names the node where a NaN or an infinity first appeared.
struct NonFiniteError : std::runtime_error {
  using std::runtime_error::runtime_error;
};

/// Throws NonFiniteError where a value or a gradient on the tape is a NaN or an infinity, and names
/// who made it: in the values, the first node in recorded order that is not finite; after a
/// backward, the first op in backward order that turned a finite gradient of its result into one of
/// an input that is not. Both with the element and the op's inputs.
///
/// On a tape of TapeMode::training only what was not released can be read: after its backward, call
/// this on the same step recorded with TapeMode::everything.
void check_finite(const Tape& tape);

}  // namespace autograd::inline LOWRANK_PRECISION
