#pragma once

#include <fmt/format.h>

#include <initializer_list>

#include "autograd/tape.h"

/// What the ops_*.cpp files share: recording an op, and complaining about shapes.
namespace autograd::inline LOWRANK_PRECISION {

inline Var record(std::unique_ptr<Op> op, std::initializer_list<Var> inputs, Shape shape) {
  return inputs.begin()->tape->record(std::move(op), {inputs.begin(), inputs.size()}, shape);
}

/// The elements of a vector as one row (1,N), whether it is stored as (N), (1,N) or (N,1).
inline Eigen::Map<const Matrix> as_row(const Matrix& v) { return {v.data(), 1, v.size()}; }

/// Throws a ShapeError "op: what, but the shapes are (..) (..)" unless ok.
inline void check_shapes(bool ok, const char* op, const char* what,
                         std::initializer_list<Var> vars) {
  if (ok) return;
  std::string message = fmt::format("{}: {}, but the shapes are", op, what);
  for (const Var& v : vars) message += fmt::format(" {}", v.shape().str());
  throw ShapeError(message);
}

}  // namespace autograd::inline LOWRANK_PRECISION
