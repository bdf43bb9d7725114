#include "experiments/paper/table6.h"

#include <doctest/doctest.h>

#include <cmath>
#include <cstdio>
#include <sstream>

#include "tests/experiments/paper/synthetic_table.h"

namespace table6_test {

using namespace experiments::paper;

namespace {

double score(const std::string& weights, int rank) {
  if (weights == "frozen") return 4;
  if (weights == "full") return 95.7;
  return 40 + 10 * std::log2(rank) + (weights == "q" ? -20 : 0);
}

Report report_of(std::vector<CellResult> results) {
  Progress quiet(std::tmpfile(), false, 1e9);
  Lab lab(Settings(), quiet);
  const Results all{{}, std::move(results)};
  Report report = table6::experiment().read(all, lab);
  report.findings = table6::experiment().findings(all);
  return report;
}

/// Without noise, so that every number of the report is known.
std::vector<CellResult> exact(fake::TableOptions options = {}) {
  options.noise = options.shared_noise = 0;
  auto results = fake::table(score, options);
  for (CellResult& result : results) {
    result.nll = 0.25;
    if (result.cell.task == "sqlgen") result.cell.facts = 20;
  }
  return results;
}

std::size_t width(const std::string& line) {  // code points of UTF-8
  return static_cast<std::size_t>(std::count_if(line.begin(), line.end(), [](char c) {
    return (static_cast<unsigned char>(c) & 0xC0) != 0x80;
  }));
}

std::vector<std::string> lines(const std::string& text) {
  std::istringstream in(text);
  std::vector<std::string> all;
  for (std::string line; std::getline(in, line);) all.push_back(line);
  return all;
}

bool contains(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

}  // namespace

TEST_CASE("the table has the paper's layout beside the paper's numbers") {
  const Report report = report_of(exact({.tasks = {"sqlgen", "nli", "reorder"}}));
  REQUIRE(report.sections.size() == 3);
  const Section& sqlgen = report.sections[0];
  CHECK(sqlgen.title == "sqlgen, K = 20: exact match in %");
  using Row = std::vector<std::string>;
  CHECK(sqlgen.table[0] == Row{"", "r = 1", "r = 2", "r = 4", "r = 8", "r = 16", "r = 64"});
  CHECK(sqlgen.table[1] == Row{"Wq", "20.0 ±0.0 (0.0)", "30.0 ±0.0 (0.0)", "40.0 ±0.0 (0.0)",
                               "50.0 ±0.0 (0.0)", "60.0 ±0.0 (0.0)*", "-"});
  CHECK(sqlgen.table[2] == Row{"  nll", "0.250", "0.250", "0.250", "0.250", "0.250", "-"});
  CHECK(sqlgen.table[3] == Row{"  trained", "256", "512", "1024", "2048", "4096", "-"});
  CHECK(sqlgen.table[5] == Row{"  WikiSQL (paper)", "68.8", "69.6", "70.5", "70.4", "-", "70.0"});
  CHECK(sqlgen.table[6][0] == "Wq,Wv");
  const std::string text = report_text(report);
  CHECK(contains(text, "Frozen (r = 0): 4.0 ±0.0 (0.0), nll 0.250, 0 trained"));
  CHECK(contains(
      text, "Full fine-tuning: 95.7 ±0.0 (0.0), nll 0.250, 0 trained, lr 0.04; WikiSQL 73.8."));
  CHECK(contains(text, "In the spirit of E2E and SAMSum, which Table 6 does not have"));
  CHECK(contains(text, "(a)  does not hold on 3 of 3: a very small r suffices for {q,v}\n"));
  CHECK(contains(text, "-35.0 points [-35.0, -35.0], p = 0.0059 (sign flips,"));
}

TEST_CASE("no line is wider than the terminal, whatever the ranks") {
  const fake::TableOptions options{.tasks = {"sqlgen", "nli", "reorder"},
                                   .ranks = {1, 2, 3, 4, 6, 8, 12, 16, 32, 64},
                                   .noise = 40,
                                   .bimodal = 0.3};
  const Report report = report_of(fake::table(score, options));
  for (const std::size_t columns : {80, 100}) {
    std::size_t widest = 0;
    for (const std::string& line : lines(report_text(report, columns))) {
      CHECK_MESSAGE(width(line) <= columns, line);
      CHECK_MESSAGE((line.empty() || line.back() != ' '), line);
      widest = std::max(widest, width(line));
    }
    CHECK(widest > columns - 10);
  }
}

TEST_CASE("the Markdown has whole tables, and the verdicts") {
  const std::string text = report_markdown(report_of(exact({.tasks = {"sqlgen", "reorder"}})));
  CHECK(contains(
      text,
      "|  | r = 1 | r = 2 | r = 4 | r = 8 | r = 16 | r = 64 |\n"
      "|---|---:|---:|---:|---:|---:|---:|\n"
      "| Wq | 20.0 ±0.0 (0.0) | 30.0 ±0.0 (0.0) | 40.0 ±0.0 (0.0) | 50.0 ±0.0 (0.0) | 60.0 ±0.0 (0.0)\\* | - |\n"));
  CHECK(contains(text, "|  | r = 1 | r = 2 | r = 4 | r = 8 | r = 16 |\n"));  // reorder
  CHECK(contains(text, "| (c) larger r does not keep helping | reorder | does not hold here |"));
  long columns = 0;
  for (const std::string& line : lines(text)) {
    const long bars = std::count(line.begin(), line.end(), '|');
    if (bars > 0 && columns > 0) CHECK_MESSAGE(bars == columns, line);
    columns = bars;
  }
}

TEST_CASE("a table with almost nothing in it is still a table") {
  auto results = fake::table(score, {.seeds = 1});
  std::erase_if(results, [](const CellResult& result) { return result.cell.method != "frozen"; });
  const std::string text = report_text(report_of(results));
  CHECK(contains(text, "not run: {q,v} at"));
  CHECK_FALSE(contains(text, "r = 1  "));
  CHECK(contains(text, "Frozen (r = 0): "));
  CHECK(report_of({}).sections.empty());
}

TEST_CASE("the paper's numbers: column sums of the printed table catch a slip of the pen") {
  const auto sum = [](const Section& section) {
    double total = 0;
    for (const auto& row : section.table)
      if (row[0].ends_with("(paper)"))
        for (std::size_t i = 1; i < row.size(); ++i) total += row[i] == "-" ? 0 : std::stod(row[i]);
    return total;
  };
  const Report report = report_of(exact({.tasks = {"sqlgen", "nli", "reorder"}}));
  CHECK(sum(report.sections[0]) == doctest::Approx(349.3 + 367.7 + 369.7));
  CHECK(sum(report.sections[1]) == doctest::Approx(454.1 + 457.0 + 457.5));
  CHECK(sum(report.sections[2]) == 0);
}

TEST_CASE("the ranks and weight sets that were given are run, and no others") {
  Settings settings;
  settings.tasks = {data::tasks::nli};
  settings.base_seeds = {11};
  settings.seeds = 1;
  settings.ranks = {3};
  settings.targets = {{"o"}};
  const std::vector<Cell> cells = table6::experiment().cells(settings);
  REQUIRE(cells.size() == 3);
  CHECK(cells[2].rank == 3);
  CHECK(cells[2].targets == std::vector<std::string>{"o"});
}

}  // namespace table6_test
