#include <fmt/format.h>

#include <algorithm>

#include "experiments/beyond/planted.h"
#include "experiments/evidence/score_table.h"

namespace experiments::beyond::planted {
namespace {

// The mean over plants in each repetition that has all of them. Not the worst of them, which noise
// alone would make worse.
ByRepetition mean_of_plants(const std::vector<ByRepetition>& plants) {
  std::map<Repetition, std::vector<double>> each;
  for (const ByRepetition& plant : plants)
    for (const auto& [repetition, value] : plant) each[repetition].push_back(value);
  std::erase_if(each, [&](const auto& entry) { return entry.second.size() < plants.size(); });
  return means(each);
}

void add_part(Finding& finding, const char* statement, const char* task, Contrast rule) {
  if (rule.each.empty()) rule.missing = "its cells";
  finding.parts.push_back({statement, task, std::move(rule)});
}

Contrast points_rule(std::string text, ByRepetition each, bool holds_above) {
  Contrast rule{.text = fmt::format("{}; holds {} {} points", text, holds_above ? "above" : "below",
                                    -margin_points),
                .each = std::move(each),
                .threshold = -margin_points,
                .holds_above = holds_above};
  return rule;
}

// Table 6: up to r* more rank helps, and from there on not; and the right matrices.
void add_scores(Finding& finding, const std::vector<CellResult>& results) {
  const int R = largest_rank(results);
  std::vector<ByRepetition> enough, half;
  for (const int true_rank : planted_in(results, in_q_and_v)) {
    const auto plant = of_plant(results, in_q_and_v, true_rank);
    const auto below_R = [&](int rank) {
      return difference(measured(plant, "q,v", rank, points), measured(plant, "q,v", R, points));
    };
    enough.push_back(below_R(true_rank));
    if (true_rank > 1) half.push_back(below_R(true_rank / 2));
  }
  add_part(finding, "r* suffices", in_q_and_v,
           points_rule(fmt::format("r = r* minus r = {}, mean over r*", R), mean_of_plants(enough),
                       true));
  add_part(finding, "half of r* does not", in_q_and_v,
           points_rule(fmt::format("r = r*/2 minus r = {}, mean over r* > 1", R),
                       mean_of_plants(half), false));
  for (const char* task : {in_v, in_q}) {
    const auto plant = of_plant(results, task, one_plant);
    const bool suffices = task == std::string(in_q);
    add_part(finding, suffices ? "Wq alone suffices" : "Wq alone fails", task,
             points_rule(fmt::format("{{q}} minus {{q,v}}, both at r = {}", rank_of_sets),
                         difference(measured(plant, "q", rank_of_sets, points),
                                    measured(plant, "q,v", rank_of_sets, points)),
                         suffices));
  }
}

// Figure 3 and Table 7: the directions and where they lie in W are those of the plant.
void add_directions(Finding& finding, const std::vector<CellResult>& results) {
  const int R = largest_rank(results);
  std::vector<ByRepetition> phi, off;
  for (const int true_rank : planted_in(results, in_q_and_v)) {
    const auto plant = of_plant(results, in_q_and_v, true_rank);
    phi.push_back(measured(plant, "q,v", R, over_matrices("phi_seen")));
    off.push_back(measured(plant, "q,v", R, over_matrices("log_position_off")));
  }
  Contrast shared{
      .text = fmt::format(
          "φ of ΔW C^½ with the plant at r = {}, corrected, mean over r*; holds above 0.5", R),
      .each = mean_of_plants(phi),
      .threshold = 0.5};
  shared.unit = "of φ";
  add_part(finding, "the directions that inputs see are the plant's", in_q_and_v, shared);
  Contrast same{
      .text = fmt::format("distance of log-positions at r = {}, mean over r*; holds below 0.1", R),
      .each = mean_of_plants(off),
      .threshold = 0.1,
      .holds_above = false};
  same.unit = "of log-position";
  add_part(finding, "where they lie in W is the plant's", in_q_and_v, same);
}

}  // namespace

std::vector<CellResult> of_plant(const std::vector<CellResult>& results, const std::string& task,
                                 int true_rank) {
  std::vector<CellResult> some;
  for (const CellResult& result : results)
    if (result.cell.task == task && result.cell.size == true_rank) some.push_back(result);
  return some;
}

std::set<int> planted_in(const std::vector<CellResult>& results, const std::string& task) {
  std::set<int> ranks;
  for (const CellResult& result : results)
    if (result.cell.task == task) ranks.insert(result.cell.size);
  return ranks;
}

int largest_rank(const std::vector<CellResult>& results) {
  int largest = 0;
  for (const CellResult& result : results) largest = std::max(largest, result.cell.rank);
  return largest;
}

// What the students of one plant have on these weights at this rank.
ByRepetition measured(const std::vector<CellResult>& plant, const std::string& weights, int rank,
                      const Measured& what) {
  return by_repetition(
      plant,
      [&](const Cell& cell) { return cell.rank == rank && weight_set(cell.targets) == weights; },
      what);
}

Finding finding(const std::vector<CellResult>& results) {
  Finding finding{"planted",
                  "where the change is known, a small r suffices from its rank on, in the matrices "
                  "where it is, and its directions are found",
                  "./run planted",
                  {},
                  trained_cells(results)};
  finding.in_summary = false;
  add_scores(finding, results);
  add_directions(finding, results);
  return finding;
}

}  // namespace experiments::beyond::planted
