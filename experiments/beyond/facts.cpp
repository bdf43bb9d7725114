#include "experiments/beyond/facts.h"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "experiments/evidence/score_table.h"

namespace experiments::beyond::facts {
namespace {

std::vector<int> ranks(const Settings& settings) {
  if (settings.preset == Preset::full) return settings.ranks_or({1, 2, 4, 8, 16, 32});
  return settings.ranks_or({1, 2, 4, 8, 16});
}

std::vector<Cell> cells(const Settings& settings) {
  std::vector<Cell> cells;
  for (const int K : grid(settings)) {
    Settings with_k = settings;
    with_k.facts = K;
    with_k.base_seeds = {settings.base_seeds.front()};
    for (Cell& cell : frozen_full_and_lora(with_k, {"q", "v"}, ranks(settings)))
      cells.push_back(std::move(cell));
  }
  return cells;
}

std::map<int, double> mean_by_rank(const ScoreTable& table, const std::vector<int>& ranks) {
  std::map<int, double> means;
  for (const int rank : ranks)
    if (const Runs* runs = table.find(rank_row_name(rank))) means[rank] = summary(*runs).mean;
  return means;
}

Section section(const std::vector<ScoreTable>& tables, const std::vector<int>& ranks) {
  Section section = section_of(tables.front());
  section.title = "sqlgen: exact match in % by the number K of meanings that change";
  std::set<std::uint64_t> bases;
  for (const auto& [repetition, result] : tables.front().rows.begin()->second)
    bases.insert(repetition.first);
  section.remarks.back() = freshness_text(bases, 0);  // K is said below, for all of them
  std::string calibrated;
  for (const ScoreTable& table : tables)
    if (std::count(calibration_facts().begin(), calibration_facts().end(), table.facts) > 0)
      calibrated += fmt::format(" K = {} was used in calibration.", table.facts);
  section.remarks.push_back("The rank needed is the smallest r within 3 points of the best r." +
                            calibrated);
  section.table = {{"K", "examples", "frozen"}};
  for (const int rank : ranks) section.table.front().push_back(fmt::format("r = {}", rank));
  section.table.front().insert(section.table.front().end(), {"full", "rank needed"});
  for (const ScoreTable& table : tables) {
    const Runs* full = table.find("full");
    std::vector<std::string> row{
        std::to_string(table.facts),
        full == nullptr ? "-" : std::to_string(full->begin()->second.cell.examples),
        score_text(table.find("frozen"))};
    for (const int rank : ranks) row.push_back(score_text(table.find(rank_row_name(rank))));
    const int needed = rank_needed(mean_by_rank(table, ranks));
    row.push_back(score_text(full));
    row.push_back(needed == 0              ? "-"
                  : needed == ranks.back() ? fmt::format("{} or more", needed)
                                           : std::to_string(needed));
    section.table.push_back(row);
  }
  return section;
}

Report read(const Results& results, Lab& lab) {
  Report report{"The rank that new facts need"};
  report.sections = {section(score_tables(results.all, rank_row_of), ranks(lab.settings))};
  report.notes = {"The learning rate was searched at one K and r = 4 and is used for all."};
  return report;
}

}  // namespace

std::vector<int> grid(const Settings& options) {
  const std::set<int> grid{6, 12, options.facts, 28};
  return {grid.begin(), grid.end()};
}

int rank_needed(const std::map<int, double>& mean_by_rank) {
  double best = -1;
  for (const auto& [rank, mean] : mean_by_rank) best = std::max(best, mean);
  for (const auto& [rank, mean] : mean_by_rank)
    if (mean >= best - margin_points) return rank;
  return 0;
}

Experiment experiment() {
  return {.name = "facts",
          .question = "how the rank needed grows with the number of facts that change (sqlgen)",
          .cells = cells,
          .read = read,
          .tasks = {data::tasks::sqlgen},
          .listens = {"--ranks"},
          .without = {{"--tasks", "it runs on sqlgen"}}};
}

}  // namespace experiments::beyond::facts
