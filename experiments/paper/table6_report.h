#pragma once

#include <string>
#include <vector>

#include "experiments/paper/table6_verdicts.h"

namespace experiments {

/// A row of the paper's Table 6 (Hu et al. 2021, arXiv 2106.09685v2; GPT-3 175B, validation
/// accuracy in percent), and of its Table 4 for full fine-tuning (rank 0).
struct PaperRow {
  const char* dataset;                        ///< "WikiSQL", "MultiNLI"
  const char* weights;                        ///< as weight_set() writes it, or "full"
  std::vector<std::pair<int, double>> score;  ///< by rank
};

/// The data set of the paper that a toy task stands in the spirit of; empty if Table 6 has none.
std::string paper_dataset(const std::string& task);

/// The paper's numbers for a data set, in the order of its table.
std::vector<PaperRow> paper_rows(const std::string& dataset);

/// The whole report for a terminal: at most 100 columns, text only.
std::string table6_console(const std::vector<TaskTable>& tables,
                           const std::vector<Verdict>& verdicts);

/// The same as GitHub Markdown.
std::string table6_markdown(const std::vector<TaskTable>& tables,
                            const std::vector<Verdict>& verdicts);

/// One line per entry and base seed: task, facts, base_seed, method, targets, rank, n, metric,
/// mean, sd (fractions, as in cells.jsonl), nll_mean, nll_sd, trainable, lr, alpha, scaling, steps.
/// Equal results give equal bytes.
std::string table6_csv(const std::vector<TaskTable>& tables);

}  // namespace experiments
