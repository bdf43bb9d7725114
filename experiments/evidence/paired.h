#pragma once

#include <functional>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "experiments/evidence/findings.h"
#include "experiments/training/cell.h"

/// From the results of a sweep to measurements by repetition, which is what a Contrast is made of.
namespace experiments::evidence {

using ByRepetition = std::map<Repetition, double>;
using Which = std::function<bool(const Cell&)>;
using Measured = std::function<double(const CellResult&)>;

/// What `measured` says of the results that `which` picks. Throws std::invalid_argument where it
/// picks two of one repetition: a mean over unlike runs would hide what they differ in.
ByRepetition by_repetition(const std::vector<CellResult>& results, const Which& which,
                           const Measured& measured);

/// The repetitions in which a run collapsed: its score is nearer to the frozen base's than to the
/// median of the runs of its kind, where that median is at least 20 points above the frozen base. Such
/// a run did not learn what others of its kind did. Where most runs do not, none is said to have
/// collapsed: that kind does not learn. Scores are in points, `frozen` is the base's mean.
std::set<Repetition> collapsed(const ByRepetition& scores, double frozen);

/// a - b in the repetitions that both have.
ByRepetition difference(const ByRepetition& a, const ByRepetition& b);

std::vector<double> values(const ByRepetition& each);

/// The mean of what was measured in each repetition, as of several matrices.
ByRepetition means(const std::map<Repetition, std::vector<double>>& each);

/// 100 * value: the score in points.
double points(const CellResult& result);

/// A named further measurement; NaN where the result has none of this name.
Measured further(const std::string& name);

/// How many examples the trained cells among the results had.
std::set<int> examples_in(const std::vector<CellResult>& results);

/// How many distinct cells among the results were trained: all but frozen ones.
int trained_cells(const std::vector<CellResult>& results);

/// "sqlgen, K = 20", or the task alone where it has no K (facts = 0).
std::string task_label(const std::string& task, int facts);
std::string task_label(const Cell& cell);

/// The labels among the results, in the order of the tasks; sqlgen by K.
std::vector<std::string> task_labels(const std::vector<CellResult>& results);

/// "98.3 ±0.4": mean and sample standard deviation; "-" for nothing.
std::string mean_and_sd(const std::vector<double>& x, int decimals);

}  // namespace experiments::evidence
