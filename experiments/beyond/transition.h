#pragma once

#include "experiments/harness/experiment.h"

/// Where does r = 1 suffice, and where does it stop? In sqlgen K words change their meaning, and
/// all else stays. LoRA on {q,v} is trained for a grid of K, of the rank r and of the number n of
/// examples, which are not tied to each other: more facts at one n are also fewer examples of each,
/// and the grid shows both. Controls at each K and n: the frozen base and full fine-tuning. Beyond
/// the paper, whose Table 6 has r = 1 suffice on its data sets and whose footnote 6 does not expect
/// that everywhere.
namespace experiments::beyond::transition {

Experiment experiment();

/// Scores in points, by K, rank and repetition, of one n.
using Scores = std::map<int, std::map<int, ByRepetition>>;
Scores scores_of(const std::vector<CellResult>& results, int n);

/// A number with the central 95 % of what a bootstrap makes of it.
struct Banded {
  double value = 0, low = 0, high = 0;
};

/// r*, the smallest sufficient rank: where the mean score, as r grows, first comes within the margin
/// of 3 points of that of the largest rank R. The reference is R and not the best of the ranks,
/// which would be chosen by its luck and would push r* up: of five ranks that are equal in truth, in
/// eight runs of sd 6, the smallest comes that near the best in 63 of 100 sweeps, and in 84 near a
/// reference that is named beforehand. Between two ranks the score is taken as a straight line over
/// log2(r), so r* is a number between the smallest rank, which stands for all below it, and R.
/// Throws std::invalid_argument for fewer than two ranks.
double sufficient_rank(const std::map<int, double>& mean_by_rank);

/// K*, up to which r = 1 suffices: where the gap between r = 1 and R first crosses the margin as K
/// grows, taken as a straight line between two K. The smallest K where r = 1 falls short even
/// there, the largest where it nowhere does.
double boundary(const std::map<int, double>& gap_by_facts);

/// r* by K, and K*, with their bands. A draw of the bootstrap takes as many bases as there are, with
/// replacement, and of each as many of its repetitions; all K and ranks are read from one draw, so
/// that what a base does to all of them alike is drawn with them.
struct Contour {
  std::map<int, Banded> rank;
  Banded facts;
};
Contour contour(const Scores& scores);

/// The rule, fixed before the grid was run; D in points within one repetition, for each n, at the
/// smallest and the largest K of the grid, with r = 1 and the largest rank R in the table:
///   few facts:  "r = 1 suffices"        D = score(r = 1) - score(R)        holds above -3 points
///   many facts: "r = 1 does not"        D = score(r = 1) - score(R)        holds below -3 points
/// These are judged among themselves.
Finding finding(const std::vector<CellResult>& results);

}  // namespace experiments::beyond::transition
