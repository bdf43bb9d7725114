#pragma once

#include <string>
#include <vector>

#include "experiments/table6_grid.h"

namespace experiments {

/// The four statements of Table 6 (Hu et al. 2021, section 7) as tests. The rule, fixed before any
/// grid was run:
///
/// Each statement is one paired contrast D with one threshold. For every repetition (base seed,
/// seed) D is a difference of scores in points (100 * value) between entries of that same
/// repetition, so that what base, data and order of a repetition do to all entries alike cancels.
/// The statement is `reproduced` where the mean of D is on one side of the threshold,
/// `contradicted` where it is on the other:
///
///   (a) a very small r suffices for {q,v}
///       D = score({q,v}, 1) - mean over r >= 8 of score({q,v}, r)        reproduced if D > -margin
///       r = 1 because the paper says "one" (caption of Table 6); the reference is a mean over
///       ranks and not the best rank, which would be chosen by its luck.
///   (b) Wq alone is worse
///       D = mean over common r of score({q,v}, r) - score({q}, r)        reproduced if D > 0
///       The table compares within a column, so at equal r; the same at equal parameters, {q} at
///       2r, is told beside it.
///   (c) larger r does not keep helping
///       D = score({q,v}, R) - score({q,v}, R'), the last step of the ranks R' < R, with R' >= 4
///       and R >= 8                                                           reproduced if D <
///       margin
///   (d) adapting more matrices at small r is at least as good
///       D = mean over r <= 4 of score({q,k,v,o}, r) - score({q,v}, 2r)   reproduced if D > -margin
///       Equal numbers of parameters, as in Table 5: 4 matrices at r against 2 at 2r.
///
/// The margin, 3 points, says what counts as a difference: rows that the paper calls worse lie at
/// least 3.2 points apart on WikiSQL ({q} and {q,v} at equal r: 4.6, 3.7, 3.2, 3.4, 3.5), ranks
/// that it calls equally good at most 0.5. It is also about twice the sampling error of a score on
/// 1000 test examples (at most 100 * sqrt(0.25 / 1000) = 1.6 points).
///
/// Test: t-test of the mean of D against the threshold over all repetitions, p two-sided since the
/// verdict may go either way, Holm-corrected over the family of all four statements of all tasks in
/// the table (one that cannot be tested counts with p = 1), at 5 %. Bases are few and fixed: a
/// verdict is about them, and is given only if the mean of D is on the same side for each of them.
/// All else is inconclusive, with the reason: fewer than 3 pairs, entries that were not run, not
/// significant, bases that disagree.
enum class Outcome { reproduced, contradicted, inconclusive };

constexpr double margin_points = 3;
constexpr double significance_level = 0.05;
constexpr int fewest_pairs = 3;

struct Verdict {
  char statement = 'a';  ///< 'a' to 'd'
  std::string task;
  int facts = 0;  ///< K
  Outcome outcome = Outcome::inconclusive;
  double effect = 0, low = 0, high = 0;  ///< mean of D and its 95 % interval (t), points
  double threshold = 0;                  ///< points
  double p = 1;                          ///< Holm-corrected
  int pairs = 0;                         ///< effect and interval mean something from 2 pairs
  std::string contrast;                  ///< D in words, and the side on which the statement holds
  std::string reason;                    ///< why it is inconclusive, else empty
  std::string note;  ///< further reading of the same entries, not tested; may be empty
};

const char* statement_text(char statement);
const char* outcome_text(Outcome outcome);

/// Four verdicts per table, in the order of the statements, tables in the order given.
std::vector<Verdict> table6_verdicts(const std::vector<TaskTable>& tables);

}  // namespace experiments
