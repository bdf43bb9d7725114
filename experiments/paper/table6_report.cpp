#include "experiments/paper/table6_report.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>

#include "experiments/evidence/statistics.h"

namespace experiments {

std::string paper_dataset(const std::string& task) {
  if (task == "sqlgen") return "WikiSQL";
  if (task == "nli") return "MultiNLI";
  return "";
}

std::vector<PaperRow> paper_rows(const std::string& dataset) {
  // Table 6; the paper gives its noise as +-0.5 (WikiSQL) and +-0.1 (MultiNLI). "full": Table 4.
  static const std::vector<PaperRow> rows = {
      {"WikiSQL", "full", {{0, 73.8}}},
      {"WikiSQL", "q", {{1, 68.8}, {2, 69.6}, {4, 70.5}, {8, 70.4}, {64, 70.0}}},
      {"WikiSQL", "q,v", {{1, 73.4}, {2, 73.3}, {4, 73.7}, {8, 73.8}, {64, 73.5}}},
      {"WikiSQL", "q,k,v,o", {{1, 74.1}, {2, 73.7}, {4, 74.0}, {8, 74.0}, {64, 73.9}}},
      {"MultiNLI", "full", {{0, 89.5}}},
      {"MultiNLI", "q", {{1, 90.7}, {2, 90.9}, {4, 91.1}, {8, 90.7}, {64, 90.7}}},
      {"MultiNLI", "q,v", {{1, 91.3}, {2, 91.4}, {4, 91.3}, {8, 91.6}, {64, 91.4}}},
      {"MultiNLI", "q,k,v,o", {{1, 91.2}, {2, 91.7}, {4, 91.7}, {8, 91.5}, {64, 91.4}}},
  };
  std::vector<PaperRow> found;
  std::copy_if(rows.begin(), rows.end(), std::back_inserter(found),
               [&](const PaperRow& row) { return row.dataset == dataset; });
  return found;
}

std::string table6_csv(const std::vector<TaskTable>& tables) {
  std::string text =
      "experiment,task,facts,base_seed,method,targets,rank,n,metric,mean,sd,nll_mean,nll_sd,"
      "trainable,lr,alpha,scaling,steps\n";
  const auto number = [](double x) { return std::isnan(x) ? std::string() : fmt::format("{}", x); };
  for (const TaskTable& table : tables) {
    for (const auto& [place, runs] : table.places) {
      std::map<std::uint64_t, std::vector<CellResult>> by_base;
      for (const auto& [repetition, result] : runs) by_base[repetition.first].push_back(result);
      for (const auto& [base, results] : by_base) {
        std::vector<double> score, nll;
        for (const CellResult& result : results) {
          score.push_back(result.value);
          nll.push_back(result.nll);
        }
        const Cell& cell = results.front().cell;
        text +=
            fmt::format("{},{},{},{},{},\"{}\",{},{},{},{},{},{},{},{},{},{},{},{}\n", "table6",
                        cell.task, cell.facts, base, cell.method, weight_set(cell.targets),
                        cell.rank, results.size(), results.front().metric, number(mean(score)),
                        number(sample_sd(score)), number(mean(nll)), number(sample_sd(nll)),
                        results.front().trainable, cell.lr, cell.alpha, cell.scaling, cell.steps);
      }
    }
  }
  return text;
}

}  // namespace experiments
