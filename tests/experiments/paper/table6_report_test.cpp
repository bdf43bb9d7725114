#include "experiments/paper/table6_report.h"

#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cmath>
#include <sstream>

#include "tests/experiments/paper/synthetic_table.h"

using namespace experiments;
using doctest::Approx;

namespace {

double score(const std::string& weights, int rank) {
  if (weights == "frozen") return 4;
  if (weights == "full") return 95.7;
  return 40 + 10 * std::log2(rank) + (weights == "q" ? -20 : 0);
}

/// Without noise, so that every number of the report is known.
std::vector<TaskTable> exact(fake::TableOptions options = {}) {
  options.noise = options.shared_noise = 0;
  auto results = fake::table(score, options);
  for (CellResult& result : results) {
    result.nll = 0.25;
    if (result.cell.task == "sqlgen") result.cell.facts = 20;
  }
  return table6_grid(results);
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

TEST_CASE("the console table has the paper's layout beside the paper's numbers") {
  const auto tables = exact({.tasks = {"sqlgen", "nli", "reorder"}});
  const std::string text = table6_console(tables, table6_verdicts(tables));
  CHECK(contains(text, "sqlgen, K = 20: exact match in %\n"));
  CHECK(contains(text, "frozen (r = 0)  4.0 ±0.0, nll 0.250, 0 trained"));
  CHECK(contains(text, "full            95.7 ±0.0, nll 0.250, 0 trained, lr 0.04; WikiSQL 73.8\n"));
  CHECK(contains(
      text,
      "                r = 1       r = 2       r = 4       r = 8       r = 16      r = 64\n"
      "Wq              20.0 ±0.0   30.0 ±0.0   40.0 ±0.0   50.0 ±0.0   60.0 ±0.0*  -\n"
      "  nll           0.250       0.250       0.250       0.250       0.250       -\n"
      "  trained       256         512         1024        2048        4096        -\n"
      "  lr            0.04        0.04        0.04        0.04        0.04        -\n"
      "  WikiSQL       68.8        69.6        70.5        70.4        -           70.0\n"
      "Wq,Wv           40.0 ±0.0 "));
  CHECK(contains(
      text, "  MultiNLI      91.3        91.4        91.3        91.6        -           91.4"));
  CHECK(contains(text, "In the spirit of E2E and SAMSum, which Table 6 does not have"));
  CHECK(contains(text, "(a) a very small r suffices for {q,v}\n  sqlgen, K = 20  contradicted\n"));
  CHECK(contains(text, "-35.0 points [-35.0, -35.0], p < 0.0001, 10 pairs\n"));
}

TEST_CASE("no line of the console report is wider than 100 columns, whatever the ranks") {
  fake::TableOptions options{.tasks = {"sqlgen", "nli", "reorder"},
                             .ranks = {1, 2, 3, 4, 6, 8, 12, 16, 32, 64},
                             .noise = 40,
                             .bimodal = 0.3};
  const auto tables = table6_grid(fake::table(score, options));
  const std::string text = table6_console(tables, table6_verdicts(tables));
  std::size_t widest = 0;
  for (const std::string& line : lines(text)) {
    CHECK_MESSAGE(width(line) <= 100, line);
    CHECK_MESSAGE((line.empty() || line.back() != ' '), line);
    widest = std::max(widest, width(line));
  }
  CHECK(widest > 90);
}

TEST_CASE("means are taken over everything, spreads within a base") {
  std::map<Repetition, CellResult> runs;
  const auto add = [&](std::uint64_t base, std::uint64_t seed, double value, double nll) {
    CellResult result = fake::result(fake::cell("nli", {"q"}, 2, seed, base));
    result.value = value;
    result.nll = nll;
    runs[{base, seed}] = result;
  };
  add(2, 0, 0.50, 1);
  CHECK(std::isnan(summary(runs).sd));
  add(2, 1, 0.52, 2);
  CHECK(summary(runs).sd == Approx(std::sqrt(2.0)));
  add(3, 0, 0.90, 3);
  add(3, 1, 0.92, 6);
  const Summary s = summary(runs);  // pooled over both bases: 20 points between bases do not count
  CHECK(s.n == 4);
  CHECK(s.mean == Approx(71));
  CHECK(s.sd == Approx(std::sqrt(2.0)));
  CHECK(s.nll == Approx(3));
  CHECK(s.trainable == 512);
}

TEST_CASE("the report says whether its verdicts are a fresh test") {
  const auto with = [](std::vector<std::uint64_t> bases, int facts) {
    TaskTable table = exact({.base_seeds = bases, .seeds = 1})[0];
    table.facts = facts;
    return freshness_text(table.base_seeds(), table.facts);
  };
  CHECK(with({2, 3}, 20) ==
        "Run on base seeds 2, 3 and K = 20. Settings were calibrated on base seeds 0, 1 and K = 4, "
        "8, "
        "16, 24, 32: the verdicts are a fresh test.");
  CHECK(with({2}, 0) ==
        "Run on base seed 2. Settings were calibrated on base seeds 0, 1: the verdicts are a fresh "
        "test.");
  CHECK(with({1, 2}, 24) ==
        "Run on base seeds 1, 2 and K = 24. Settings were calibrated on base seeds 0, 1 and K = 4, "
        "8, "
        "16, 24, 32: with base seed 1 and K = 24 among these, the verdicts are no fresh test.");
}

TEST_CASE("the Markdown has whole tables") {
  const auto tables = exact({.tasks = {"sqlgen", "reorder"}});
  const std::string text = table6_markdown(tables, table6_verdicts(tables));
  CHECK(contains(text,
                 "| weights | r = 1 | r = 2 | r = 4 | r = 8 | r = 16 | r = 64 |\n"
                 "|---|---|---|---|---|---|---|\n"
                 "| Wq | 20.0 ±0.0 | 30.0 ±0.0 | 40.0 ±0.0 | 50.0 ±0.0 | **60.0 ±0.0** |  |\n"));
  CHECK(contains(text, "| *WikiSQL (paper)* | *68.8* | *69.6* | *70.5* | *70.4* |  | *70.0* |\n"));
  CHECK(contains(text, "| weights | r = 1 | r = 2 | r = 4 | r = 8 | r = 16 |\n"));  // reorder
  CHECK(contains(text, "| (c) larger r does not keep helping | reorder | contradicted |"));
  long columns = 0;
  for (const std::string& line : lines(text)) {
    const long bars = std::count(line.begin(), line.end(), '|');
    if (bars > 0 && columns > 0) CHECK_MESSAGE(bars == columns, line);
    columns = bars;
  }
}

TEST_CASE("the CSV is tidy: one line per entry and base seed") {
  const auto all = lines(table6_csv(exact()));
  CHECK(all.size() == 1 + 2 * (2 + 3 * 5));
  CHECK(all[0] ==
        "experiment,task,facts,base_seed,method,targets,rank,n,metric,mean,sd,nll_mean,nll_sd,"
        "trainable,lr,alpha,scaling,steps");
  CHECK(std::count(all.begin(), all.end(),
                   "table6,sqlgen,20,3,lora,\"q,v\",4,5,exact_match,0.6,0,0.25,0,1024,0.04,8,"
                   "alpha/r,500") == 1);
  CHECK(table6_csv(exact()) == table6_csv(exact()));
}

TEST_CASE("a table with almost nothing in it is still a table") {
  auto results = fake::table(score, {.seeds = 1});
  std::erase_if(results, [](const CellResult& result) { return result.cell.method != "frozen"; });
  const auto tables = table6_grid(results);
  CHECK(contains(table6_console(tables, table6_verdicts(tables)), "not run: {q,v} at"));
  CHECK(!contains(table6_console(tables, {}), "r = 1 "));
  CHECK(contains(table6_markdown(tables, {}), "frozen (r = 0): "));
  CHECK(table6_console({}, {}) == "");
}

TEST_CASE("the paper's numbers: every row has the paper's five ranks") {
  for (const char* dataset : {"WikiSQL", "MultiNLI"}) {
    const auto rows = paper_rows(dataset);
    REQUIRE(rows.size() == 4);
    for (std::size_t i = 1; i < 4; ++i) {
      std::vector<int> ranks;
      for (const auto& [r, value] : rows[i].score) ranks.push_back(r);
      CHECK(ranks == std::vector<int>{1, 2, 4, 8, 64});
    }
  }
  // Column sums of the printed table catch a slip of the pen.
  double wikisql = 0, multinli = 0;
  for (const auto& row : paper_rows("WikiSQL")) {
    for (const auto& [r, value] : row.score) wikisql += r > 0 ? value : 0;
  }
  for (const auto& row : paper_rows("MultiNLI")) {
    for (const auto& [r, value] : row.score) multinli += r > 0 ? value : 0;
  }
  CHECK(wikisql == Approx(349.3 + 367.7 + 369.7));
  CHECK(multinli == Approx(454.1 + 457.0 + 457.5));
  CHECK(paper_rows(paper_dataset("reorder")).empty());
}
