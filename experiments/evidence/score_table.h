#pragma once

#include <set>

#include "experiments/evidence/paired.h"
#include "experiments/evidence/report.h"

/// What experiments with one row per method, weight set or size have in common: results by task and
/// row, statements about rows, and their table as text, Markdown and CSV.
namespace experiments::evidence {

/// The results of one entry of a table, one for each repetition.
using Runs = std::map<Repetition, CellResult>;

/// Base seeds and K with which the toy tasks' settings were found. A verdict is a fresh test only
/// on others.
const std::vector<std::uint64_t>& calibration_base_seeds();
const std::vector<int>& calibration_facts();

/// On which base seeds and K (0: the task has none) a table was run, and whether that makes its
/// verdicts a fresh test.
std::string freshness_text(const std::set<std::uint64_t>& base_seeds, int facts);

/// Mean and spread of the repetitions of one entry. With several base seeds the standard deviation
/// is taken over the seeds within each base, pooled, and beside it that of the bases' means: bases
/// may differ by more than seeds do.
struct Summary {
  int n = 0;
  double mean = 0, sd = 0;  ///< points; sd is NaN for a single run
  double between = 0;       ///< sd of the bases' means, points; NaN for a single base
  double nll = 0;           ///< mean, nats per target token
  long trainable = 0;
  double lr = 0;
};
Summary summary(const Runs& runs);

/// What `measured` says of each run.
std::vector<double> values(const Runs& runs, const Measured& measured);

/// "70.4 ±0.5 (1.2)": the spread within bases and between them, each where there is one.
std::string score_text(const Summary& summary);

/// What counts as a difference between two scores, in points. In Table 6 rows that the paper calls
/// worse lie at least 3.2 points apart on WikiSQL ({q} and {q,v} at equal r: 4.6, 3.7, 3.2, 3.4,
/// 3.5), ranks that it calls equally good at most 0.5. It is also about twice the sampling error of
/// a score on 1000 test examples (at most 100 * sqrt(0.25 / 1000) = 1.6 points).
constexpr double margin_points = 3;

/// The results of one task (at one K) by the name of their row.
struct ScoreTable {
  std::string label;  ///< "sqlgen, K = 20"
  std::string task;
  int facts = 0;
  std::map<std::string, Runs> rows;

  /// Null where there is no such row.
  const Runs* find(const std::string& row) const;
};

/// The name of a cell's row.
using RowOf = std::function<std::string(const Cell&)>;

/// "q,v r=4", the row of LoRA where weight set and r vary, and the row of any cell there.
std::string weights_row_name(const std::string& weights, int rank);
std::string weights_row_of(const Cell& cell);

/// "r=4", the row of LoRA where r alone varies, and the row of any cell there.
std::string rank_row_name(int rank);
std::string rank_row_of(const Cell& cell);

/// "lora n=100", the row of what was trained on n examples.
std::string examples_row_name(const std::string& what, int n);

/// One table per task and K, in the order sqlgen (by K), nli, reorder. Throws std::invalid_argument
/// that names both cells if two claim one entry.
std::vector<ScoreTable> score_tables(const std::vector<CellResult>& results, const RowOf& row_of);

/// The repetitions in which a run of this row collapsed (paired.h), beside the frozen base.
std::set<Repetition> collapsed(const ScoreTable& table, const std::string& row);

/// A row times a factor.
struct Term {
  std::string row;
  double factor = 1;
};

/// Each row times share / the number of rows: their mean, if share is 1.
std::vector<Term> mean_of(const std::vector<std::string>& rows, double share = 1);

/// `rule` with D = sum of factor * measured(row) in every repetition that has all rows, and finite,
/// and with the repetitions in which one of these runs collapsed; where a row was not run at all, the
/// rule says which.
Contrast linear_contrast(const ScoreTable& table, const std::vector<Term>& terms, Contrast rule,
                         const Measured& measured = points);

/// The title and the remarks that every table of scores has: the metric, the number of runs, whether
/// the base and K were used in calibration, and the rows with runs that collapsed.
Section section_of(const ScoreTable& table);

/// "70.4 ±0.5 (1.2)", a mean score in points with its spreads, and a mean loss "0.123"; "-" where
/// nothing was run.
std::string score_text(const Runs* runs);
std::string nll_text(const Runs* runs);

/// "+1.2 [-0.3, +2.7]": the score of a row minus that of the reference in points, paired by
/// repetition, with its 95 % t interval; "-" for the reference itself and for fewer than two pairs.
std::string difference_text(const ScoreTable& table, const std::string& row,
                            const std::string& reference);

/// One line per result, sorted by cell: task, facts, base_seed, seed, method, size, targets, rank,
/// alpha, scaling, dropout, optimizer, lr, steps, examples, trainable, metric, value (a fraction),
/// nll, then every further measurement that a result has, and the other fields of a cell. Equal
/// results give equal bytes.
Csv results_csv(const std::vector<CellResult>& results);

}  // namespace experiments::evidence
