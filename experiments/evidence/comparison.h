#pragma once

#include <string>
#include <vector>

#include "experiments/evidence/statistics.h"
#include "experiments/training/cell.h"

/// Two sets of finished cells, A and B, held against each other repetition by repetition.
namespace experiments::evidence {

/// A field in which partners differ, with its values on either side.
struct DifferingField {
  std::string name;
  std::vector<std::string> a, b;  ///< each once; an empty one is "-"
};

/// B - A of one measurement. Differences that are not finite do not count.
struct MeanDifference {
  int pairs = 0;
  double a = 0, b = 0;  ///< means over the pairs; NaN without any
  double mean = 0;      ///< of B - A; NaN without any
  Interval t;           ///< 95 % interval of it; it means something from 2 pairs
};

/// Cells of A and B that agree in all but the differing fields and the repetition.
struct ComparedRow {
  Cell cell;              ///< one of A's
  MeanDifference points;  ///< 100 * value
  MeanDifference nll;     ///< nats per target token
  /// Of the paired t-test of the points, Holm-corrected over the rows with 2 pairs; NaN with fewer.
  double p = 0;
};

/// A cell that is in both, with another value or nll.
struct ChangedCell {
  CellResult a, b;
};

struct Comparison {
  std::vector<DifferingField> differing;
  std::vector<std::string> varying;  ///< the fields that tell rows apart, and the task
  std::vector<ComparedRow> rows;     ///< but those whose cells are the same, with the same numbers
  int same_cells = 0;                ///< in A and in B
  std::vector<ChangedCell> changed;  ///< of them
  int pairs = 0;                     ///< in all rows, the same cells among them
  int alone_in_a = 0, alone_in_b = 0;  ///< cells without a partner

  /// Whether A and B hold the same cells and no others.
  bool is_of_same_cells() const { return pairs == same_cells && alone_in_a + alone_in_b == 0; }
};

/// Finds what A and B have in common. Two cells are partners where they have one repetition (base
/// seed and seed) and agree in all but the fields that differ between A and B. These are
///   - a field that shares no value between A's and B's cells of one task and method (of one task,
///     where A and B share no method): without it nothing there could be paired;
///   - then, one at a time, the field that brings most further pairs, while no row has two cells
///     for a repetition: a learning rate that was searched for each row may be equal in some.
/// The task never is one of them: scores of different tasks are no pair.
///
/// Throws std::invalid_argument with one line: the first rule leaves two cells for one row and
/// repetition (it names both), or no cell has its row on the other side.
Comparison compared(const std::vector<CellResult>& a, const std::vector<CellResult>& b);

/// "task=nli targets=q,v rank=4": these fields of a cell.
std::string fields_text(const Cell& cell, const std::vector<std::string>& names);

}  // namespace experiments::evidence
