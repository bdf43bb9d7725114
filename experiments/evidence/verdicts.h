#pragma once

#include <string>
#include <vector>

#include "experiments/evidence/findings.h"

/// What the findings of all experiments come to.
namespace experiments::evidence {

/// F1 to F11 in this order, each with the parts that were measured, whichever experiments they come
/// from; one that nothing measured has no parts. Others follow by their id. What is judged by its
/// own experiment alone (in_family) is left out.
std::vector<Finding> whole_family(const std::vector<Finding>& measured);

/// OUT/verdicts.json: judged findings with their outcomes and their parts, each with effect,
/// intervals, p, pairs and seeds. An effect that was not measured is null. `warning`, where there
/// is one, says what the reader must know before them.
std::string verdicts_json(const std::vector<Finding>& judged, const std::string& warning = "");

}  // namespace experiments::evidence
