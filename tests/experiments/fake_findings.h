#pragma once

#include <string>

#include "experiments/evidence/findings.h"

/// Findings of a known effect, and a look at what is written of them.
namespace fake {

/// One part, whose difference is about `effect` points.
inline experiments::evidence::Finding finding(const std::string& id, double effect, int pairs = 6,
                                              const std::string& statement = "what is stated") {
  experiments::evidence::Contrast contrast{.text = "a minus b; holds above 0 points", .each = {}};
  for (int seed = 1; seed <= pairs; ++seed)
    contrast.each[{2, static_cast<std::uint64_t>(seed)}] = effect + 0.1 * seed;
  experiments::evidence::Finding made{id, statement, "./run it", {}};
  made.parts.push_back({"a is larger", "nli", contrast});
  made.cells = 2 * pairs;
  return made;
}

inline bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace fake
