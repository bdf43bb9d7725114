#pragma once

#include <string>
#include <vector>

#include "experiments/evidence/findings.h"
#include "experiments/evidence/plain_table.h"

/// What the findings of all experiments come to.
namespace experiments::evidence {

/// F1 to F11 in this order, each with the parts that were measured, whichever experiments they come
/// from; one that nothing measured has no parts. Others follow by their id. What is told by its own
/// experiment alone (in_summary) is left out.
std::vector<Finding> summarised(const std::vector<Finding>& measured);

/// Judged findings with a row for each statement: what the paper's own numbers say of it, and for each
/// task the outcome there with the effect and its 95 % interval alone, "holds here, +1.4 points [+0.2, +2.6]". What was measured
/// elsewhere, as at a length, is in a last column.
PlainTable statements_by_task(const std::vector<Finding>& judged);

/// OUT/verdicts.json: judged findings with their outcome on each task and their parts, each with
/// effect, intervals, the test with its p and family, pairs and seeds. An effect that was not measured is null. `warning`, where there
/// is one, says what the reader must know before them.
std::string verdicts_json(const std::vector<Finding>& judged, const std::string& warning = "");

}  // namespace experiments::evidence
