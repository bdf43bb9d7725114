#include "experiments/evidence/score_table.h"

#include <doctest/doctest.h>

#include <limits>
#include <stdexcept>

#include "tests/experiments/fake_cells.h"

using namespace experiments;

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
  CHECK(contrast.each.at({2, 2}) == doctest::Approx(25 - 160));
  const auto loss = [](const CellResult& result) { return result.nll; };
  CHECK(linear_contrast(table, terms, {}, loss).each.at({2, 1}) == doctest::Approx(2.5 - 16));
  CHECK(linear_contrast(table, {{"r=2"}, {"r=4"}, {"r=3"}}, {}).missing == "r=2; r=3");
}

TEST_CASE("a table as text and as Markdown") {
  const ScoreTable table = score_tables(two_rows(), rank_row).front();
  Section section = section_of(table);
  section.grid = {{"row", "score"}, {"r = 4", score_text(table.find("r=4"))}, {"r = 8", "-"}};
  const std::string text = sections_text({section}, {"A note."});
  CHECK(text.starts_with("nli: exact match in %\nMean ± sd over 3 runs (sd over seeds); nll"));
  CHECK(text.ends_with("\nrow        score\nr = 4  42.0 ±1.0\nr = 8          -\n\nA note.\n"));
  const std::string markdown = sections_markdown("Title", {section}, {"A note."});
  CHECK(markdown.starts_with("# Title\n\n## nli: exact match in %\n\nMean ± sd"));
  CHECK(
      markdown.ends_with("| row | score |\n|---|---:|\n| r = 4 | 42.0 ±1.0 |\n| r = 8 | - |\n"
                         "\nA note.\n"));
}

TEST_CASE("a bar in a cell of a Markdown table does not end it") {
  CHECK(markdown_table({{"p", "largest |dA|"}, {"0", "1"}}) ==
        "| p | largest \\|dA\\| |\n|---|---:|\n| 0 | 1 |\n");
}

TEST_CASE("the CSV has a line per result, in one order, and a column per further measurement") {
  auto results = two_rows();
  results[0].more["train_nll"] = 0.5;
  results[1].more["b"] = std::numeric_limits<double>::quiet_NaN();
  const std::string text = results_csv(results);
  CHECK(std::count(text.begin(), text.end(), '\n') == 10);
  CHECK(
      text.starts_with("task,facts,base_seed,seed,method,size,targets,rank,alpha,scaling,dropout,"
                       "optimizer,lr,steps,examples,trainable,metric,value,nll,b,train_nll,blocks,"
                       "init,base,width,depth,base_steps,lr_ratio\n"));
  CHECK(text.find("\nnli,0,2,1,lora,0,\"q\",1,8,alpha/r,0,adamw,0.04,500,300,256,exact_match,0.11,"
                  "1,,0.5,\"\",gaussian,pretrained,64,2,0,1\n") != std::string::npos);
  std::reverse(results.begin(), results.end());
  CHECK(results_csv(results) == text);
}
