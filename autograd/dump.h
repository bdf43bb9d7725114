#pragma once

#include <string>

#include "autograd/tape.h"

namespace autograd::inline LOWRANK_PRECISION {

/// A table with a line for every node, in recorded order: id, op, the ids of its inputs, shape,
/// Euclidean norms of value and gradient, whether anything trains at or under it ("trains" or
/// "frozen"), and a parameter's name. A dash stands for what is not there: the gradient of a node
/// that none reached, or the value of one whose memory was released (TapeMode::training).
std::string dump(const Tape& tape);

/// The same graph as Graphviz source, for `dot -Tsvg`. Parameters are ellipses, frozen ones
/// hexagons, constants plain text and operations boxes; what does not train has a dashed outline,
/// and edges along which no gradient flows are dashed.
std::string dump_graphviz(const Tape& tape);

}  // namespace autograd::inline LOWRANK_PRECISION
