#include <doctest/doctest.h>

#include <cmath>

#include "tests/experiments/paper/synthetic_scores.h"

namespace experiments::beyond::rank_ablation {

Experiment experiment();  // docs/examples/rank_ablation.cpp

}  // namespace experiments::beyond::rank_ablation

using namespace experiments::beyond;

namespace {

Report report_of(const std::vector<CellResult>& results) {
  Progress progress;
  Lab lab(settings_of(Preset::quick), progress);
  return rank_ablation::experiment().read({{}, results}, lab);
}

Report report_of(const fake::ScoreOf& truth, const fake::ScoreOptions& options = {}) {
  return report_of(fake::scores(rank_ablation::experiment(), truth, options));
}

std::string letters(const fake::ScoreOf& truth, const fake::ScoreOptions& options = {}) {
  const Report report = report_of(truth, options);
  REQUIRE(report.findings.size() == 1);
  return fake::letters(report.findings.front());
}

double flat(const Cell&) { return 70; }

double growing(const Cell& cell) { return 50 + 10 * std::log2(1 + cell.rank); }

}  // namespace

TEST_CASE("the rule of the example where the truth is known") {
  CHECK(letters(flat) == "h");
  CHECK(letters(growing) == "d");
  CHECK(letters([](const Cell& cell) { return cell.rank == 2 ? 67.0 : 70.0; }) == "o");
  CHECK(letters([](const Cell& cell) { return cell.rank == 1 ? 20.0 : 70.0; }) == "h");
  // Worse than the best of the larger ranks, better than their mean.
  CHECK(letters([](const Cell& cell) {
          return cell.rank == 4 ? 50.0 : cell.rank == 8 ? 70.0 : 62.0;
        }) == "h");
  CHECK(letters(flat, {.noise = 60}) == "o");
  CHECK(letters(flat, {.seeds = 1}) == "o");
  CHECK(letters(growing, {.tasks = {data::tasks::nli, data::tasks::reorder}}) == "dd");
}

TEST_CASE("the scale of the example is the same for every rank") {
  const std::vector<Cell> cells = rank_ablation::experiment().cells(settings_of(Preset::quick));
  REQUIRE(cells.size() == 3 * 8 * 6);
  for (const Cell& cell : cells) CHECK(cell.alpha == 2 * cell.rank);
}

TEST_CASE("the example is judged by itself and shows every row") {
  const Report report = report_of(flat);
  REQUIRE(own_findings(report).size() == 1);
  CHECK(report.findings[0].cells == 2 * 5 * 5);  // the frozen base is not trained
  REQUIRE(report.sections.size() == 1);
  CHECK(report.sections[0].table.size() == 1 + 6);

  auto results = fake::scores(rank_ablation::experiment(), flat);
  std::erase_if(results, [](const CellResult& result) { return result.cell.rank == 2; });
  const std::vector<Finding> judged = own_findings(report_of(results));
  CHECK(judged[0].parts[0].judgement.reason == "not run: r=2");
}
