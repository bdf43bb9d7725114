#include "experiments/paper/numbers.h"

#include <fmt/format.h>

namespace experiments::paper {

CellResult printed(const std::string& dataset, const std::vector<std::string>& targets, int rank,
                   double score) {
  CellResult result;
  result.cell.task = dataset;
  result.cell.method = targets.empty() ? "full" : "lora";
  result.cell.targets = targets;
  result.cell.rank = rank;
  result.value = score / 100;
  return result;
}

Finding beside_paper(Finding finding, const Finding& of_paper) {
  for (Finding::Part& part : finding.parts)
    for (const Finding::Part& paper : of_paper.parts) {
      if (paper.statement != part.statement || paper.contrast.each.empty()) continue;
      const double d = paper.contrast.each.begin()->second;
      part.paper += fmt::format(
          "{}{} {}", part.paper.empty() ? "" : ", ", paper.task,
          part.contrast.unit == "points" ? fmt::format("{:+.1f}", d) : fmt::format("{:+.3g}", d));
    }
  return finding;
}

}  // namespace experiments::paper
