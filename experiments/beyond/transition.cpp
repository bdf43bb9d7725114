#include "experiments/beyond/transition.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "experiments/evidence/score_table.h"

namespace experiments::beyond::transition {
namespace {

// None of these K and bases was used to find the settings of the task.
std::vector<int> facts(Preset preset) {
  if (preset == Preset::smoke) return {3, 30};
  if (preset == Preset::full) return {3, 5, 7, 10, 14, 18, 22, 26, 30};
  return {3, 7, 14, 30};
}

std::vector<int> sizes(Preset preset) {
  if (preset == Preset::smoke) return {100, 400};
  return {100, 400, 1600};
}

std::vector<int> ranks(const Settings& settings) {
  if (settings.preset == Preset::smoke) return settings.ranks_or({1, 4, 16});
  if (settings.preset == Preset::full) return settings.ranks_or({1, 2, 3, 4, 6, 8, 16});
  return settings.ranks_or({1, 2, 4, 16});
}

std::vector<Cell> cells(const Settings& settings) {
  std::vector<Cell> cells;
  for (const data::Task& task : settings.tasks)
    for (const int K : facts(settings.preset))
      for (const auto& [base_seed, seed] : base_and_seeds(settings)) {
        Settings with_k = settings;
        with_k.facts = K;
        Cell cell = task_cell(with_k, task, base_seed, seed);
        cells.push_back(frozen(cell));
        for (const int n : sizes(settings.preset)) {
          cell.examples = n;
          cells.push_back(full(cell));
          for (const int rank : ranks(settings))
            cells.push_back(lora_cell(cell, with_k, {"q", "v"}, rank));
        }
      }
  return cells;
}

std::vector<CellResult> of_size(const std::vector<CellResult>& results, int n) {
  std::vector<CellResult> some;
  for (const CellResult& result : results)
    if (result.cell.examples == n) some.push_back(result);
  return some;
}

double mean_of_drawn(const ByRepetition& scores, const std::vector<Repetition>& drawn) {
  std::vector<double> values;
  for (const Repetition& repetition : drawn)
    if (const auto found = scores.find(repetition); found != scores.end())
      values.push_back(found->second);
  return mean(values);
}

using Means = std::map<int, std::map<int, double>>;  // by K and rank

Means means_of(const Scores& scores, const std::vector<Repetition>& drawn) {
  Means means;
  for (const auto& [K, by_rank] : scores)
    for (const auto& [rank, runs] : by_rank) means[K][rank] = mean_of_drawn(runs, drawn);
  return means;
}

std::map<int, double> gaps(const Means& means) {
  std::map<int, double> gaps;
  for (const auto& [K, by_rank] : means)
    gaps[K] = by_rank.begin()->second - by_rank.rbegin()->second;
  return gaps;
}

std::vector<Repetition> repetitions_in(const Scores& scores) {
  std::set<Repetition> all;
  for (const auto& [K, by_rank] : scores)
    for (const auto& [rank, runs] : by_rank)
      for (const auto& [repetition, score] : runs) all.insert(repetition);
  return {all.begin(), all.end()};
}

// As many bases as there are, and of each as many of its repetitions, with replacement.
std::vector<Repetition> draw(const std::vector<std::vector<Repetition>>& by_base,
                             autograd::Random& random) {
  const auto any = [&](const auto& list) -> const auto& {
    return list[static_cast<std::size_t>(random.below(list.size()))];
  };
  std::vector<Repetition> drawn;
  for (std::size_t i = 0; i < by_base.size(); ++i) {
    const std::vector<Repetition>& base = any(by_base);
    for (std::size_t j = 0; j < base.size(); ++j) drawn.push_back(any(base));
  }
  return drawn;
}

// The value with the central 95 % of the draws.
Banded banded(double value, std::vector<double> drawn) {
  std::sort(drawn.begin(), drawn.end());
  const std::size_t cut = drawn.size() / 40;
  return {value, drawn[cut], drawn[drawn.size() - 1 - cut]};
}

std::string band_text(const Banded& found) {
  return fmt::format("{:.1f} [{:.1f}, {:.1f}]", found.value, found.low, found.high);
}

// Where r = 1 stops, in words at the ends of the grid.
std::string boundary_text(const Scores& scores, const Banded& found) {
  const int rank = scores.begin()->second.begin()->first;
  const int least = scores.begin()->first, most = scores.rbegin()->first;
  const std::string text =
      found.value <= least  ? fmt::format("r = {} falls short already at K = {}", rank, least)
      : found.value >= most ? fmt::format("r = {} suffices up to K = {}, the largest", rank, most)
                            : fmt::format("r = {} suffices up to K = {:.1f}", rank, found.value);
  return fmt::format("{} [{:.1f}, {:.1f}]", text, found.low, found.high);
}

Section section(const std::vector<CellResult>& results, int n, const Scores& scores,
                const Contour& contour) {
  const auto& ranks = scores.begin()->second;
  Section section;
  section.title = fmt::format("sqlgen, n = {} examples: exact match in % by K", n);
  section.remarks = {fmt::format(
      "{}; r* is the smallest rank that suffices, {} where the smallest does. In brackets the "
      "central 95 % of a bootstrap over bases and seeds. To suffice is to be within {} points of "
      "r = {}.",
      boundary_text(scores, contour.facts), ranks.begin()->first, margin_points,
      ranks.rbegin()->first)};
  section.table = {{"K"}};
  for (const auto& [rank, runs] : ranks)
    section.table.front().push_back(fmt::format("r = {}", rank));
  section.table.front().insert(section.table.front().end(), {"full", "r*"});
  for (const ScoreTable& table : score_tables(of_size(results, n), rank_row_of)) {
    std::vector<std::string> row{std::to_string(table.facts)};
    for (const auto& [rank, runs] : ranks)
      row.push_back(score_text(table.find(rank_row_name(rank))));
    row.push_back(score_text(table.find("full")));
    row.push_back(band_text(contour.rank.at(table.facts)));
    section.table.push_back(row);
  }
  return section;
}

// Half way to the neighbours, where the heat map's fields meet; at the ends one further.
std::pair<double, double> between(const std::vector<int>& all, std::size_t i) {
  return {i > 0 ? (all[i - 1] + all[i]) / 2. : all[i] - 1.,
          i + 1 < all.size() ? (all[i] + all[i + 1]) / 2. : all[i] + 1.};
}

// The fields of the heat map, and the line in it, of one n.
void add_data(int n, const Scores& scores, const Contour& contour, Csv& fields, Csv& line) {
  std::vector<int> all;
  for (const auto& [K, by_rank] : scores) all.push_back(K);
  for (std::size_t i = 0; i < all.size(); ++i) {
    const auto& by_rank = scores.at(all[i]);
    const auto [from, to] = between(all, i);
    const double reference = mean(values(by_rank.rbegin()->second));
    for (const auto& [rank, runs] : by_rank) {
      const std::vector<double> x = values(runs);
      fields.row(n, all[i], from, to, rank, mean(x), sample_sd(x), mean(x) - reference);
    }
    const Banded& r = contour.rank.at(all[i]);
    line.row(n, all[i], r.value, r.low, r.high);
  }
}

Report read(const Results& results, Lab&) {
  const std::vector<CellResult> grid = asked_for(results);
  Report report{"Where r = 1 suffices, and where it stops"};
  Csv fields({"n", "K", "K_from", "K_to", "rank", "score", "sd", "gap"});
  Csv line({"n", "K", "rank_needed", "low", "high"});
  for (const int n : examples_in(grid)) {
    const Scores scores = scores_of(grid, n);
    const Contour found = contour(scores);
    report.sections.push_back(section(grid, n, scores, found));
    add_data(n, scores, found, fields, line);
  }
  report.notes = {
      "K words change their meaning; n does not grow with K, so more facts are also fewer examples "
      "of each. One learning rate serves all r, K and n: it was searched at r = 4. Every seed "
      "belongs to one base."};
  report.data = fields;
  report.more_data["line"] = line;
  return report;
}

}  // namespace

double sufficient_rank(const std::map<int, double>& mean_by_rank) {
  if (mean_by_rank.size() < 2) throw std::invalid_argument("two ranks are wanted at least");
  const double enough = mean_by_rank.rbegin()->second - margin_points;
  auto above = mean_by_rank.begin();
  while (above->second < enough) ++above;  // the largest rank is enough, if no other is
  if (above == mean_by_rank.begin()) return above->first;
  const auto below = std::prev(above);
  const double part = (enough - below->second) / (above->second - below->second);
  const double a = std::log2(below->first), b = std::log2(above->first);
  return std::exp2(a + part * (b - a));
}

double boundary(const std::map<int, double>& gap_by_facts) {
  for (auto here = gap_by_facts.begin(); here != gap_by_facts.end(); ++here) {
    if (here->second >= -margin_points) continue;
    if (here == gap_by_facts.begin()) return here->first;
    const auto before = std::prev(here);
    const double part = (before->second + margin_points) / (before->second - here->second);
    return before->first + part * (here->first - before->first);
  }
  return gap_by_facts.rbegin()->first;
}

Scores scores_of(const std::vector<CellResult>& results, int n) {
  Scores scores;
  for (const CellResult& result : results)
    if (result.cell.method == "lora" && result.cell.examples == n)
      scores[result.cell.facts][result.cell.rank][{result.cell.base_seed, result.cell.seed}] =
          points(result);
  return scores;
}

Contour contour(const Scores& scores) {
  const std::vector<Repetition> all = repetitions_in(scores);
  std::map<std::uint64_t, std::vector<Repetition>> of_base;
  for (const Repetition& repetition : all) of_base[repetition.first].push_back(repetition);
  std::vector<std::vector<Repetition>> by_base;
  for (const auto& [base, repetitions] : of_base) by_base.push_back(repetitions);

  constexpr int draws = 2000;
  autograd::Random random(0, "transition.bootstrap");
  std::map<int, std::vector<double>> ranks;
  std::vector<double> facts;
  for (int i = 0; i < draws; ++i) {
    const Means means = means_of(scores, draw(by_base, random));
    for (const auto& [K, by_rank] : means) ranks[K].push_back(sufficient_rank(by_rank));
    facts.push_back(boundary(gaps(means)));
  }
  const Means means = means_of(scores, all);
  Contour contour{{}, banded(boundary(gaps(means)), facts)};
  for (const auto& [K, by_rank] : means)
    contour.rank[K] = banded(sufficient_rank(by_rank), ranks.at(K));
  return contour;
}

// What the base scores where K words change their meaning, in points.
static double frozen_mean(const std::vector<CellResult>& results, int K) {
  std::vector<double> scores;
  for (const CellResult& result : results)
    if (result.cell.method == "frozen" && result.cell.facts == K) scores.push_back(points(result));
  return scores.empty() ? 0 : mean(scores);
}

Finding finding(const std::vector<CellResult>& results) {
  Finding finding{"transition",
                  "r = 1 suffices where few facts are new and falls short where many are",
                  "./run transition",
                  {},
                  trained_cells(results)};
  finding.in_summary = false;
  for (const int n : examples_in(results)) {
    const Scores scores = scores_of(results, n);
    const auto add = [&](const char* statement, int K, bool suffices) {
      const auto& by_rank = scores.at(K);
      Contrast rule;
      rule.text =
          fmt::format("r = {} minus r = {}; holds {} {} points", by_rank.begin()->first,
                      by_rank.rbegin()->first, suffices ? "above" : "below", -margin_points);
      rule.threshold = -margin_points;
      rule.holds_above = suffices;
      const ByRepetition &one = by_rank.begin()->second, &largest = by_rank.rbegin()->second;
      rule.each = difference(one, largest);
      for (const ByRepetition& scores : {one, largest})
        rule.collapsed.merge(collapsed(scores, frozen_mean(results, K)));
      if (by_rank.begin()->first != 1) rule.missing = "r = 1";
      finding.parts.push_back({statement, fmt::format("K = {}, n = {}", K, n), rule});
    };
    add("few facts: r = 1 suffices", scores.begin()->first, true);
    add("many facts: r = 1 does not suffice", scores.rbegin()->first, false);
  }
  return finding;
}

Experiment experiment() {
  return {
      .name = "transition",
      .question = "where r = 1 suffices and where it stops: by new facts, rank and examples",
      .cells = cells,
      .read = read,
      .findings = [](const Results& results) { return std::vector{finding(asked_for(results))}; },
      .tasks = {data::tasks::sqlgen},
      .listens = {"--ranks"},
      .without = {{"--tasks", "it runs on sqlgen"}, {"--facts", "it runs for several K"}}};
}

}  // namespace experiments::beyond::transition
