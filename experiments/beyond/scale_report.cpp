#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/beyond/scale.h"
#include "experiments/evidence/score_table.h"

namespace experiments::beyond::scale {
namespace {

std::string gap_text(const std::vector<double>& gap) {
  const Interval t = t_interval_or_nan(gap);
  return fmt::format("{:.1f} [{:.1f}, {:.1f}]", mean(gap), t.low, t.high);
}

Section score_section(const std::vector<CellResult>& results, const ScoreTable& scores) {
  const std::set<int> ranks = ranks_in(results);
  const int least = *ranks.begin(), most = *ranks.rbegin();
  Section section = section_of(scores);
  section.remarks.push_back(fmt::format(
      "Directions: layers × matrices × r, at r = {}. Gap: by how many points r = {} lies below r = "
      "{}, with the 95 % t interval over repetitions.",
      least, least, most));
  section.table = {{"width", "depth", "directions", "frozen"}};
  for (const int rank : ranks) section.table.front().push_back(fmt::format("r = {}", rank));
  const bool has_full = std::ranges::any_of(
      results, [](const CellResult& result) { return result.cell.method == "full"; });
  if (has_full) section.table.front().push_back("full");
  section.table.front().push_back("gap");
  for (const Point& point : star(results)) {
    const auto text = [&](const std::string& what) {
      return score_text(scores.find(row_name(point, what)));
    };
    std::vector<std::string> row{std::to_string(point.width), std::to_string(point.depth),
                                 std::to_string(directions(point, least)), text("frozen")};
    for (const int rank : ranks) row.push_back(text(rank_row_name(rank)));
    if (has_full) row.push_back(text("full"));
    row.push_back(gap_text(values(gap(results, point, least))));
    section.table.push_back(row);
  }
  return section;
}

// The one rate of a model's method and rank.
std::string rate_text(const std::vector<CellResult>& results, const Point& point,
                      const std::string& row) {
  std::set<double> rates;
  for (const CellResult& result : results)
    if (row_of(result.cell) == row_name(point, row)) rates.insert(result.cell.lr);
  return rates.empty() ? "-" : fmt::format("{:g}", fmt::join(rates, ", "));
}

Section rate_section(const std::vector<CellResult>& results, const Settings& settings) {
  Section section{"Learning rates"};
  section.remarks = {fmt::format(
      "Each searched by itself on validation examples, with seeds that no table uses, on the first "
      "base of its model: {}, and further beyond an edge of these.",
      settings.search ? "eight rates to begin with, in proportion to 1/width"
                      : "three rates to begin with, around the recorded one times 64/width")};
  section.table = {{"width", "depth"}};
  std::vector<std::string> rows;
  for (const int rank : ranks_in(results)) rows.push_back(rank_row_name(rank));
  if (settings.preset == Preset::full) rows.push_back("full");
  section.table.front().insert(section.table.front().end(), rows.begin(), rows.end());
  for (const Point& point : star(results)) {
    section.table.push_back({std::to_string(point.width), std::to_string(point.depth)});
    for (const std::string& row : rows)
      section.table.back().push_back(rate_text(results, point, row));
  }
  return section;
}

// What any cell says of its base.
Section base_section(const std::vector<CellResult>& results) {
  const double enough = UntilAnswered{}.share;
  Section section{"Bases, trained on sqlgen alone until they answer"};
  section.remarks = {fmt::format(
      "Steps until {:g} % of held-out examples were answered, with the meanings of pre-training.",
      100 * enough)};
  section.table = {{"width", "depth", "base seed", "steps", "answered, %"}};
  std::vector<std::string> short_of;
  std::map<std::pair<Point, std::uint64_t>, CellResult> bases;
  for (const CellResult& result : results)
    bases.try_emplace({point_of(result.cell), result.cell.base_seed}, result);
  for (const auto& [base, result] : bases) {
    const auto& [point, seed] = base;
    const double answered = further("base_answered")(result);
    section.table.push_back({std::to_string(point.width), std::to_string(point.depth),
                             std::to_string(seed),
                             fmt::format("{:.0f}", further("base_steps")(result)),
                             fmt::format("{:.1f}", 100 * answered)});
    if (answered < enough)
      short_of.push_back(fmt::format("{}, base seed {}", point_text(point), seed));
  }
  if (!short_of.empty())
    section.remarks.push_back(
        fmt::format("Their steps ran out before that: {}.", fmt::join(short_of, "; ")));
  return section;
}

Csv csv(const std::vector<CellResult>& results) {
  Csv csv({"width", "depth", "rank", "directions", "score", "sd", "gap", "low", "high"});
  for (const Point& point : star(results))
    for (const int rank : ranks_in(results)) {
      const std::vector<double> x = values(scores(results, point, rank));
      const std::vector<double> to_largest = values(gap(results, point, rank));
      const Interval t = t_interval_or_nan(to_largest);
      csv.row(point.width, point.depth, rank, directions(point, rank), mean(x), sample_sd(x),
              mean(to_largest), t.low, t.high);
    }
  return csv;
}

}  // namespace

Report read(const Results& results, Lab& lab) {
  const std::vector<CellResult> asked = asked_for(results);
  Report report{"What r = 1 loses, by the size of the model"};
  const auto tables = score_tables(asked, row_of);
  report.sections = {score_section(asked, tables.front()), rate_section(asked, lab.settings),
                     base_section(asked)};
  report.notes = {fmt::format(
      "LoRA on q and v. K = {}, the examples, the steps and alpha are the same for all models and "
      "r. Every seed belongs to one base. A base of this table knows sqlgen alone, so it is not "
      "that of other tables.",
      asked.front().cell.facts)};
  report.data = csv(asked);
  return report;
}

}  // namespace experiments::beyond::scale
