#pragma once

#include "experiments/harness/experiment.h"

/// Table 6, Figure 3 and Table 7 on a task whose answer is known. The task is to say what a teacher
/// says: the base with a change of rank r* added to q and v of every block, of a tenth of W's norm
/// as in the paper (‖ΔW‖ / ‖W‖ = .11 in its Table 7), with equal singular values, along r* of W's
/// singular pairs 5 to 20, which are neither its top nor random directions. A student is LoRA on the
/// base and a cell like any other; its score is the part of the KL between teacher and base that it
/// closes. The control is where the change is in v alone, or in q alone.
///
/// How known-rank differs: it asks whether the analysis of one converged student is right. Here the
/// students are judged as the paper's tables and figures judge adapters.
namespace experiments::beyond::planted {

Experiment experiment();

/// Where the teachers' changes are, which is the task of a cell; its size is r*.
constexpr const char *in_q_and_v = "planted in q,v", *in_q = "planted in q", *in_v = "planted in v";

/// The projections that the task of a cell names: {"q", "v"}.
std::vector<std::string> places_of(const Cell& cell);

/// Trains the student that the cell asks for, from the base of the lab. Value: the part of the KL
/// that is closed; nll: the KL that is left, nats per position. Further measurements, for each matrix
/// that was both changed and adapted, by its name; U and V are the first min(r, r*) directions of the
/// student's ΔW, and those with _true are of the planted one:
///   phi_true           φ of V with the planted V, corrected for chance
///   phi_seen           the same of ΔW C^{1/2}, that is of what inputs see of the two
///   log_position, log_position_true   ln(‖Uᵀ W V‖ / random) / ln(that of W's own / random): 0 where
///                      directions meet W as random ones do, 1 where they are W's first
///   factor, factor_true               ‖ΔW‖ / ‖Uᵀ W V‖
///   size               ‖ΔW‖ / ‖W‖; planted: .1
/// and where it is on {q,v} and of the largest rank, together with a student of r = 8 that is trained
/// once more for it,
///   phi_ranks, phi_first              φ(r*, r*) and φ(1, 1) of the two students, corrected
CellResult train(const Lab& lab, const Cell& cell, const std::atomic<bool>& stop);

/// The mean over the matrices of a measurement.
Measured over_matrices(const std::string& name);

/// The rank at which weight sets are compared, and r* where the change is in q or in v alone.
constexpr int rank_of_sets = 8, one_plant = 4;

/// The r* of a task among the results, the results of one plant, and the largest rank of all.
std::set<int> planted_in(const std::vector<CellResult>& results, const std::string& task);
std::vector<CellResult> of_plant(const std::vector<CellResult>& results, const std::string& task,
                                 int true_rank);
int largest_rank(const std::vector<CellResult>& results);

/// What the students of one plant have on these weights at this rank.
ByRepetition measured(const std::vector<CellResult>& plant, const std::string& weights, int rank,
                      const Measured& what);

/// The rule, fixed before the grid was run. R = 16, the largest rank; a point is 1 % of the KL
/// between teacher and base; D is the mean over all r* of a repetition, so that each statement is
/// one test. In the third and fourth r = 8 and r* = 4.
///   planted in q,v  "r* suffices"          D = score(r = r*) - score(R)          above -3 points
///   planted in q,v  "half of it does not"  D = score(r = r*/2) - score(R)        below -3 points
///   planted in v    "Wq alone fails"       D = score({q}) - score({q,v})         below -3 points
///   planted in q    "Wq alone suffices"    D = score({q}) - score({q,v})         above -3 points
///   planted in q,v  "the directions that inputs see are the plant's"
///                                          D = phi_seen at R                     above .5
///   planted in q,v  "where they lie in W is the plant's"
///                                          D = |log_position - log_position_true| at R, below .1
/// .5 is the paper's reading of Figure 3; .1 is half of what lies between the log-position of the
/// paper's Table 7, .4, and that of the toy tasks' adapters, .2. Measurements of matrices are their
/// means. These six are judged among themselves.
Finding finding(const std::vector<CellResult>& results);

}  // namespace experiments::beyond::planted
