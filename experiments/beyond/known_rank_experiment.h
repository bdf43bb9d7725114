#pragma once

#include "experiments/beyond/known_rank.h"
#include "experiments/harness/experiment.h"

namespace experiments {

/// A row of teachers with planted changes of several ranks and seeds, on v of the last block, and
/// what their students show of them (known_rank.h). It measures the analysis and not a statement of
/// the paper, so it has no finding. The command known-rank looks at one teacher in detail.
///
/// OUT/known-rank/known-rank.csv has a line per number: true_rank, seed, what, index, value, with
///   kl_left          the loss at the end over that at the start, index: the student's rank
///   sigma_true       σ_i of the planted ΔW*, index: i
///   sigma            σ_i of the analysed student's ΔW
///   estimated_rank, knee, amplification_true, amplification, amplification_low, amplification_high
///                    without an index; those that have no value are not there
/// A finished teacher is kept in a file of its own, so a run that was stopped continues. run.json
/// names the configuration and the builds, as beside other results.
Experiment known_rank_experiment();

/// The lines of one teacher, without the head.
std::string known_rank_lines(const KnownRankResult& result);

/// The head of the CSV.
extern const char* const known_rank_head;

/// A row per teacher: what was planted and what was found.
std::string known_rank_markdown(const std::string& csv);

}  // namespace experiments
