#pragma once

#include "experiments/harness/experiment.h"

/// Which weight matrices deserve LoRA's parameters? Hu et al. 2021, Table 5: one budget, spent on
/// one matrix of a block at r = 8, on two at r = 4 or on all four at r = 2. Beyond the paper the
/// MLP {up,down} and all six are rows too, at the r nearest to the budget, and once more at 5/2 of
/// it, where MLP and attention come out exactly equal. Controls: the frozen base and full
/// fine-tuning.
namespace experiments::paper::table5 {

Experiment experiment();

/// A row that adapts these matrices of every block at this rank.
struct Row {
  std::vector<std::string> targets;
  int rank = 0;
  double wikisql = 0, multinli = 0;  ///< of the paper, GPT-3 175B; 0: it has no such row

  std::string name() const;  ///< "q,v r=4": its name in the results
  long trained() const;      ///< parameters, by formula
};
std::vector<Row> rows();

/// F1 and F10. The rule, fixed before any grid was run; D in points within one repetition, margin
/// 3 points as for Table 6 (experiments/paper/table6.h):
///
///   F1   "Wq or Wk alone is worst", tested as below the mean of the others: for q, and for k,
///        D = mean of the paper's other rows (v, o, {q,k}, {q,v}, all four) - score(q or k)
///                                                                      holds here if D > 0
///        The reference is a mean and not the lowest of them, which would be chosen by its luck.
///   F1   "{q,v} is at least as good as any single matrix": for each of q, k, v, o at r = 8,
///        D = score({q,v}, r = 4) - score(matrix)                       holds here if D > -margin
///   F10  beyond the paper (Biderman et al. 2024, Schulman et al. 2025: attention alone loses even
///        at equal parameters), at 5120 parameters each,
///        D = score({up,down}, r = 4) - score({q,k,v,o}, r = 5)         holds here if D > 0
///        and adding attention to the MLP costs nothing at the nearest budget,
///        D = score(all six, r = 2) - score({up,down}, r = 4)           holds here if D > -margin
std::vector<Finding> findings(const std::vector<CellResult>& results);

}  // namespace experiments::paper::table5
