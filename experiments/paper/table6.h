#pragma once

#include "experiments/evidence/score_table.h"
#include "experiments/harness/experiment.h"

/// Rank against adapted weights: Hu et al. 2021, Table 6. LoRA at each r on {q}, {q,v} and all four
/// attention matrices; controls: the frozen base (r = 0) and full fine-tuning. --ranks and
/// --targets choose others.
///
/// The four statements of the paper's section 7 as tests, fixed before any grid was run. Each is
/// one paired contrast D in points within a repetition, margin 3 points:
///
///   (a) a very small r suffices for {q,v}
///       D = score({q,v}, 1) - mean over r >= 8 of score({q,v}, r)        holds here if D > -margin
///       r = 1 because the paper says "one" (caption of Table 6); the reference is a mean over
///       ranks and not the best rank, which would be chosen by its luck.
///   (b) Wq alone is worse
///       D = mean over common r of score({q,v}, r) - score({q}, r)        holds here if D > 0
///       The table compares within a column, so at equal r; the same at equal parameters, {q} at
///       2r, is printed beside it.
///   (c) larger r does not keep helping
///       D = score({q,v}, R) - score({q,v}, R'), the last step of the ranks R' < R, with R' >= 4
///       and R >= 8                                                       holds here if D < margin
///   (d) adapting more matrices at small r is at least as good
///       D = mean over r <= 4 of score({q,k,v,o}, r) - score({q,v}, 2r)   holds here if D > -margin
///       Equal numbers of parameters, as in Table 5: 4 matrices at r against 2 at 2r.
///
///   (e) Wq alone needs a larger r
///       D = score({q}, 1) - mean over r >= 8 of score({q}, r)            holds here if D < 0
///       The contrast of (a) for {q}. The threshold is 0, since the statement is that r = 1 loses
///       something; in the paper it loses 1.4 points on WikiSQL and nothing on MultiNLI.
///
/// Each is a family of its tasks (findings.h). Finding F2, "{q,v} needs r = 1 only, Wq alone is worse"
/// (section 7.2), is (a) and (b). (e) is no part of it: the paper says so too, but its own numbers for
/// MultiNLI do not.
namespace experiments::paper::table6 {

Experiment experiment();

/// {"q","v"} as the paper writes it: "q,v" -> "Wq,Wv".
std::string weights_label(const std::string& weights);

/// The numbers of the paper's table as results, the data sets as tasks.
std::vector<CellResult> paper_results();

/// (a) to (e), each on every table, with those of the paper's own numbers.
std::vector<Finding> statements_of(const std::vector<ScoreTable>& tables);

/// F2, not judged yet.
Finding finding_of(const std::vector<ScoreTable>& tables);

/// The weight sets of LoRA in the table, fewer matrices first.
std::vector<std::string> weight_sets_in(const ScoreTable& table);

}  // namespace experiments::paper::table6
