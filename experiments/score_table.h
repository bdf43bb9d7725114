#pragma once

#include "experiments/paired.h"
#include "experiments/plain_table.h"
#include "experiments/study.h"

/// What experiments with one row per method, weight set or size have in common: results by task and
/// row, statements about rows, and their table as text, Markdown and CSV.
namespace experiments {

/// The results of one entry of a table, one for each repetition.
using Runs = std::map<Repetition, CellResult>;

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

/// "r=4", the row of LoRA where r alone varies, and the row of any cell there.
std::string rank_row_name(int rank);
std::string rank_row_of(const Cell& cell);

/// One table per task and K, in the order sqlgen (by K), nli, reorder. Throws std::invalid_argument
/// that names both cells if two claim one entry.
std::vector<ScoreTable> score_tables(const std::vector<CellResult>& results, const RowOf& row_of);

/// A row times a factor.
struct Term {
  std::string row;
  double factor = 1;
};

/// Each row times share / the number of rows: their mean, if share is 1.
std::vector<Term> mean_of(const std::vector<std::string>& rows, double share = 1);

/// `rule` with D = sum of factor * measured(row) in every repetition that has all rows, and finite;
/// where a row was not run at all, the rule says which.
Contrast linear_contrast(const ScoreTable& table, const std::vector<Term>& terms, Contrast rule,
                         const Measured& measured = points);

/// One table with what there is to say before it.
struct Section {
  std::string title;
  std::vector<std::string> remarks;
  PlainTable grid;
};

/// The title and the remarks that every table of scores has: the metric, the number of runs, and
/// whether the base and K were used in calibration.
Section section_of(const ScoreTable& table);

/// "70.4 ±0.5", a mean score in points with the standard deviation over seeds within a base, and a
/// mean loss "0.123"; "-" where nothing was run.
std::string score_text(const Runs* runs);
std::string nll_text(const Runs* runs);

/// Prints the sections and the notes below them, and writes them to OUT/name/name.md, and the
/// results to name.csv.
void publish(const StudyOptions& options, const std::string& name, const std::string& heading,
             const std::vector<Section>& sections, const std::vector<std::string>& notes,
             const std::vector<CellResult>& results);

std::string sections_text(const std::vector<Section>& sections,
                          const std::vector<std::string>& notes);
std::string sections_markdown(const std::string& heading, const std::vector<Section>& sections,
                              const std::vector<std::string>& notes);

/// One line per result, sorted by cell: task, facts, base_seed, seed, method, size, targets, rank,
/// alpha, scaling, dropout, optimizer, lr, steps, examples, trainable, metric, value (a fraction),
/// nll, then every further measurement that a result has. Equal results give equal bytes.
std::string results_csv(const std::vector<CellResult>& results);

}  // namespace experiments
