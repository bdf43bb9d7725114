#pragma once

#include <set>
#include <string>
#include <vector>

#include "experiments/paper/table6_report.h"

namespace experiments {

/// A line of the table before it is laid out: a label and one text per column (rank), "" where
/// there is nothing.
struct TableLine {
  enum class Kind { score, detail, paper };
  Kind kind = Kind::score;
  std::string label;
  std::vector<std::string> entries;
  int best = -1;  ///< the column with the row's best mean, if it has several
};

/// One task's part of the report, for both layouts.
struct TaskLayout {
  std::string title;                  ///< "sqlgen, K = 20: exact match in %"
  std::vector<std::string> remarks;   ///< what the numbers are and on what they were run
  std::vector<int> ranks;             ///< columns: all ranks of the task and of the paper's table
  std::vector<TableLine> references;  ///< frozen base and full fine-tuning, one entry each: r = 0
  std::vector<TableLine> rows;        ///< per weight set: scores, details, the paper's
};

TaskLayout layout_of(const TaskTable& table);

/// {"q","v"} as the paper writes it: "q,v" -> "Wq,Wv".
std::string weights_label(const std::string& weights);

}  // namespace experiments
