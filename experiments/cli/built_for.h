#pragma once

#include "experiments/namespaces.h"

namespace experiments::cli {

/// The instructions that the compiler was allowed to use, as it says in its macros. Constants,
/// which are read before main without running a line of what was compiled so.
struct BuiltFor {
  bool sse42, avx, avx2, fma, avx512;
};
extern const BuiltFor built_for;

}  // namespace experiments::cli
