#include "experiments/evidence/score_table.h"

#include <doctest/doctest.h>

#include <cmath>
#include <limits>
#include <stdexcept>

#include "tests/experiments/fake_cells.h"

namespace score_table_test {

using namespace experiments::evidence;
using doctest::Approx;

namespace {

std::string rank_row(const Cell& cell) { return "r=" + std::to_string(cell.rank); }

std::vector<CellResult> two_rows() {
  std::vector<CellResult> results;
  for (const std::uint64_t seed : {1, 2, 3}) {
    for (const int rank : {1, 16, 4}) {
      CellResult result = fake::result(fake::cell("nli", {"q"}, rank, seed));
      result.value = (10.0 * rank + static_cast<double>(seed)) / 100;
      result.nll = rank;
      results.push_back(result);
    }
  }
  return results;
}

}  // namespace

TEST_CASE("results are sorted by task and row, and one entry has one result of a repetition") {
  auto results = two_rows();
  results.push_back(fake::result(fake::cell("sqlgen", {"q"}, 1, 1)));
  results.back().cell.facts = 20;
  const auto tables = score_tables(results, rank_row);
  REQUIRE(tables.size() == 2);
  CHECK(tables[0].label == "sqlgen, K = 20");
  CHECK(tables[1].label == "nli");
  CHECK(tables[1].find("r=4")->size() == 3);
  CHECK(tables[1].find("r=2") == nullptr);
  results.push_back(results.front());
  CHECK_THROWS_AS(score_tables(results, rank_row), std::invalid_argument);
}

TEST_CASE("a contrast sums its terms within each complete repetition") {
  auto results = two_rows();
  results[1].value = std::numeric_limits<double>::infinity();  // r = 16, seed 1
  const ScoreTable table = score_tables(results, rank_row).front();
  std::vector<Term> terms = mean_of({"r=1", "r=4"});
  terms.push_back({"r=16", -1});
  const Contrast contrast = linear_contrast(table, terms, {});
  CHECK(contrast.missing.empty());
  REQUIRE(contrast.each.size() == 2);
  CHECK(contrast.each.at({2, 2}) == Approx(25 - 160));
  const auto loss = [](const CellResult& result) { return result.nll; };
  CHECK(linear_contrast(table, terms, {}, loss).each.at({2, 1}) == Approx(2.5 - 16));
  CHECK(linear_contrast(table, {{"r=2"}, {"r=4"}, {"r=3"}}, {}).missing == "r=2; r=3");
}

TEST_CASE("a run collapsed where it is nearer to the frozen base than to the runs of its kind") {
  const auto scores = [](std::vector<double> points) {
    ByRepetition each;
    for (const double score : points) each[{2, each.size()}] = score;
    return each;
  };
  CHECK(collapsed(scores({90, 91, 5, 89, 92}), 3) == std::set<Repetition>{{2, 2}});
  CHECK(collapsed(scores({90, 91, 47, 46, 92}), 3) ==
        std::set<Repetition>{{2, 3}});                        // half way: 46.5
  CHECK(collapsed(scores({30, 28, 33, 20, 31}), 3).empty());  // all learn little
  CHECK(collapsed(scores({3, 2, 90, 4, 1}), 3).empty());      // most do not learn
  auto results = two_rows();
  for (CellResult& result : results) result.value = 0.9;
  results[1].value = 0;  // r = 16, seed 1
  const ScoreTable table = score_tables(results, rank_row).front();
  const Contrast with = linear_contrast(table, {{"r=16"}, {"r=1", -1}}, {});
  CHECK(with.collapsed == std::set<Repetition>{{2, 1}});
  CHECK(linear_contrast(table, {{"r=4"}, {"r=1", -1}}, {}).collapsed.empty());
  const Section section = section_of(table);
  CHECK(section.remarks.back() == "Learned: r=16 in 2 of 3; all others in all runs.");
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
  CHECK(s.between == Approx(40 / std::sqrt(2.0)));  // of 51 and 91
  CHECK(score_text(s) == "71.0 ±1.4 (28.3)");
  CHECK(s.nll == Approx(3));
  CHECK(s.trainable == 512);
}

TEST_CASE("a table says whether its verdicts are a fresh test") {
  CHECK(freshness_text({2, 3}, 20) ==
        "Run on base seeds 2, 3 and K = 20. Settings were calibrated on base seeds 0, 1 and K = 4, "
        "8, 16, 24, 32: the verdicts are a fresh test.");
  CHECK(freshness_text({2}, 0) ==
        "Run on base seed 2. Settings were calibrated on base seeds 0, 1: the verdicts are a fresh "
        "test.");
  CHECK(freshness_text({1, 2}, 24) ==
        "Run on base seeds 1, 2 and K = 24. Settings were calibrated on base seeds 0, 1 and K = 4, "
        "8, 16, 24, 32: with base seed 1 and K = 24 among these, the verdicts are no fresh test.");
}

TEST_CASE("the CSV has a line per result, in one order, and a column per further measurement") {
  auto results = two_rows();
  results[0].more["train_nll"] = 0.5;
  results[1].more["b"] = std::numeric_limits<double>::quiet_NaN();
  const std::string text = results_csv(results).text();
  CHECK(std::count(text.begin(), text.end(), '\n') == 10);
  CHECK(text.starts_with(
      "task,facts,base_seed,seed,method,size,targets,rank,alpha,scaling,dropout,"
      "optimizer,lr,steps,examples,trainable,metric,value,nll,b,train_nll,blocks,"
      "init,init_seed,data_seed,base,width,depth,base_steps,lr_ratio,labels,rounding,"
      "architecture\n"));
  CHECK(text.find("\nnli,0,2,1,lora,0,q,1,8,alpha/r,0,adamw,0.04,500,300,256,exact_match,0.11,"
                  "1,,0.5,,gaussian,0,0,pretrained,64,2,0,1,true,usual,decoder\n") !=
        std::string::npos);
  std::reverse(results.begin(), results.end());
  CHECK(results_csv(results).text() == text);
}

}  // namespace score_table_test
