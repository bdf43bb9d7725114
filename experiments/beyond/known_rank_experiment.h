#pragma once

#include "experiments/beyond/known_rank.h"
#include "experiments/harness/experiment.h"

namespace experiments::beyond::known_rank_experiment {

/// A row of teachers with planted changes of several ranks and seeds, of the kinds of
/// known_rank_kinds.h, and what their students show of them (known_rank.h). It measures the analysis
/// and not a statement of the paper, so it has no finding.
///
/// A teacher is a cell, by the student that is analysed: its task is the kind, its size the planted
/// rank r*, its seed names the change, the inputs and the students. Its value is 1 where in every
/// matrix that the student adapts the rank was read and is the planted one, its nll what is left of
/// the student's loss. Further measurements, and the lines of known-rank.csv (teacher, true_rank,
/// seed, what, index, value):
///   kl_left          the loss at the end over that at the start, index: the student's rank
///   sigma_true       σ_i of the planted ΔW*, of the first matrix, index: i
///   sigma            σ_i of the analysed student's ΔW, likewise
///   inputs           of E|x|², in the first matrix, what the first i directions hold, index: i
///   planted          the planted rank in a matrix, index: which
///   estimated        the rank that was read there; not there where none was
///   loss_left, knee, amplification_true, amplification, amplification_low, amplification_high
///                    without an index; those that have no value are not there
Experiment experiment();

/// A cell's result, from what its teacher's students showed.
CellResult result_of(const Cell& cell, const KnownRankResult& found);

/// What the readings of some teachers come to: matrices by whether the rank that was read is the
/// planted one, another, or none was read.
struct Readings {
  int right = 0, wrong = 0, none = 0;
};
Readings readings(const std::vector<CellResult>& results);

/// How many intervals for the amplification factor hold the true one, and how many there are.
struct Coverage {
  int held = 0, intervals = 0;
};
Coverage coverage(const std::vector<CellResult>& results);

}  // namespace experiments::beyond::known_rank_experiment
