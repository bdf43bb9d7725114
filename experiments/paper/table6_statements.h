#pragma once

#include "experiments/evidence/score_table.h"

/// The statements of Table 6 as contrasts; table6.h has the rule of each.
namespace experiments::paper::table6 {

/// (a) to (d), each on every table, judged among themselves.
std::vector<Finding> statements_of(const std::vector<ScoreTable>& tables);

/// F2, not judged yet.
Finding finding_of(const std::vector<ScoreTable>& tables);

/// The weight sets of LoRA in the table, fewer matrices first.
std::vector<std::string> weight_sets_in(const ScoreTable& table);

}  // namespace experiments::paper::table6
