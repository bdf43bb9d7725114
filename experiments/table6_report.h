#pragma once

#include <string>
#include <vector>

#include "experiments/table6_verdicts.h"

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

/// Base seeds and K with which the toy tasks' settings were found. A verdict is a fresh test only
/// on others.
const std::vector<std::uint64_t>& calibration_base_seeds();
const std::vector<int>& calibration_facts();

/// On which base seeds and K (0: the task has none) a table was run, and whether that makes its
/// verdicts a fresh test.
std::string freshness_text(const std::set<std::uint64_t>& base_seeds, int facts);

/// Mean and spread of the repetitions of one entry. With several base seeds the standard deviation
/// is taken over the seeds within each base, pooled: bases differ by more than seeds do.
struct Summary {
  int n = 0;
  double mean = 0, sd = 0;  ///< points; sd is NaN for a single run
  double nll = 0;           ///< mean, nats per target token
  long trainable = 0;
  double lr = 0;
};
Summary summary(const std::map<Repetition, CellResult>& runs);

/// "70.4 ±0.5", without the spread of a single run.
std::string score_text(const Summary& summary);

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
