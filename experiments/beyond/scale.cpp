#include "experiments/beyond/scale.h"

#include <fmt/format.h>

#include <algorithm>

#include "experiments/evidence/score_table.h"

namespace experiments::beyond::scale {
namespace {

const std::vector<std::string> targets{"q", "v"};

// As many as make r = 1 fall short in the usual model; nothing was tried on just so many.
constexpr int changed_facts = 22;

// The ends of each arm and the middle; full has what lies between.
std::vector<Point> models(Preset preset) {
  if (preset == Preset::smoke) return {{64, 1}, {64, 2}, {32, 2}};
  if (preset == Preset::full) return {{64, 1}, {64, 2}, {64, 4}, {64, 8}, {128, 2}, {256, 2}};
  return {{64, 1}, {64, 2}, {64, 8}, {256, 2}};
}

// The most. Bases of this task answer after some hundred, narrow and shallow ones the latest.
long base_steps(Preset preset) { return preset == Preset::smoke ? 50 : 1000; }

std::vector<int> ranks(const Settings& settings) {
  return settings.ranks_or(settings.preset == Preset::full ? std::vector{1, 2, 4, 8, 16}
                                                           : std::vector{1, 16});
}

std::vector<Cell> cells(const Settings& settings) {
  Settings with_k = settings;
  with_k.facts = changed_facts;
  std::vector<Cell> cells;
  for (const data::Task& task : settings.tasks)
    for (const auto& [base_seed, seed] : base_and_seeds(settings))
      for (const Point& point : models(settings.preset)) {
        Cell cell = task_cell(with_k, task, base_seed, seed);
        cell.width = point.width, cell.depth = point.depth;
        cell.base = "sqlgen";
        cell.base_steps = base_steps(settings.preset);
        cells.push_back(frozen(cell));
        if (settings.preset == Preset::full) cells.push_back(full(cell));
        for (const int rank : ranks(settings))
          cells.push_back(lora_cell(cell, with_k, targets, rank));
      }
  return cells;
}

std::vector<Point> points_where(const std::vector<CellResult>& results,
                                bool (*is_in)(const Cell& cell)) {
  std::set<Point> found;
  for (const CellResult& result : results)
    if (is_in(result.cell)) found.insert(point_of(result.cell));
  return {found.begin(), found.end()};
}

}  // namespace

Point point_of(const Cell& cell) { return {cell.width, cell.depth}; }

std::string point_text(const Point& point) {
  return fmt::format("width {}, depth {}", point.width, point.depth);
}

std::string row_name(const Point& point, const std::string& what) {
  return fmt::format("{}, {}", point_text(point), what);
}

std::string row_of(const Cell& cell) { return row_name(point_of(cell), rank_row_of(cell)); }

std::vector<Point> star(const std::vector<CellResult>& results) {
  return points_where(results, [](const Cell&) { return true; });
}

std::vector<Point> width_arm(const std::vector<CellResult>& results) {
  return points_where(results, [](const Cell& cell) { return cell.depth == middle_depth; });
}

std::vector<Point> depth_arm(const std::vector<CellResult>& results) {
  return points_where(results, [](const Cell& cell) { return cell.width == middle_width; });
}

std::set<int> ranks_in(const std::vector<CellResult>& results) {
  std::set<int> ranks;
  for (const CellResult& result : results)
    if (result.cell.method == "lora") ranks.insert(result.cell.rank);
  return ranks;
}

int directions(const Point& point, int rank) {
  return point.depth * static_cast<int>(targets.size()) * rank;
}

ByRepetition scores(const std::vector<CellResult>& results, const Point& point, int rank) {
  return by_repetition(
      results,
      [&](const Cell& cell) {
        return cell.method == "lora" && cell.rank == rank && point_of(cell) == point;
      },
      points);
}

ByRepetition gap(const std::vector<CellResult>& results, const Point& point, int rank) {
  const int largest = *ranks_in(results).rbegin();
  return difference(scores(results, point, largest), scores(results, point, rank));
}

Finding finding(const std::vector<CellResult>& results) {
  Finding finding{
      "scale", "r = 1 loses less in a larger model", "./run scale", {}, trained_cells(results)};
  finding.in_summary = false;
  const std::set<int> ranks = ranks_in(results);
  if (ranks.empty()) return finding;
  const auto tables = score_tables(results, row_of);
  const std::string one = rank_row_name(1), largest = rank_row_name(*ranks.rbegin());
  const auto add = [&](const char* statement, const std::vector<Point>& arm) {
    const Point &small = arm.front(), &large = arm.back();
    Contrast rule;
    rule.text = fmt::format("gap of r = 1 to r = {} at {}, minus that at {}; holds below {} points",
                            *ranks.rbegin(), point_text(large), point_text(small), -margin_points);
    rule.threshold = -margin_points;
    rule.holds_above = false;
    rule = linear_contrast(tables.front(),
                           {{row_name(large, largest)},
                            {row_name(large, one), -1},
                            {row_name(small, largest), -1},
                            {row_name(small, one)}},
                           rule);
    if (one == largest) rule.missing = "a rank above 1";
    if (small == large) rule.missing = "a second model";
    finding.parts.push_back({statement, tables.front().label, rule});
  };
  add("r = 1 loses less in a wider model", width_arm(results));
  add("r = 1 loses less in a deeper model", depth_arm(results));
  return finding;
}

Experiment experiment() {
  return {
      .name = "scale",
      .question = "does r = 1 lose less in a wider or deeper model?",
      .cells = cells,
      .read = read,
      .findings = [](const Results& results) { return std::vector{finding(asked_for(results))}; },
      .look =
          [](const Lab& lab, nn::Model&, CellResult& result) {
            const Base& base = lab.bases.of(result.cell);
            result.more["base_steps"] = static_cast<double>(base.steps);
            result.more["base_answered"] = base.answered;
          },
      .own_rates = true,
      .tasks = {data::tasks::sqlgen},
      .listens = {"--ranks"},
      .without = {{"--tasks", "it runs on sqlgen"},
                  {"--facts", fmt::format("its rule is about K = {}", changed_facts)}}};
}

}  // namespace experiments::beyond::scale
