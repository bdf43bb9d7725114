#include "experiments/paper/table5.h"

#include <doctest/doctest.h>

#include "tests/experiments/paper/synthetic_scores.h"

namespace table5_test {

using namespace experiments::paper;

namespace {

/// The paper's order: q and k alone are worse; the MLP is better than attention.
double paper_like(const Cell& cell) {
  const std::string set = weight_set(cell.targets);
  if (set == "q" || set == "k") return 60;
  if (set == "up,down") return 75;
  if (set == "q,k,v,o,up,down") return 75;
  return 70;
}

/// All of it the other way round.
double opposite(const Cell& cell) {
  const std::string set = weight_set(cell.targets);
  if (set == "q,v") return 60;
  if (set == "up,down") return 70;
  if (set.size() == 1) return 80;
  if (set == "q,k,v,o,up,down") return 60;
  return 78;
}

double flat(const Cell&) { return 70; }

}  // namespace

TEST_CASE("F1 and F10 where the truth is known") {
  const auto of = [](const fake::ScoreOf& truth, const fake::ScoreOptions& options = {}) {
    const auto findings = table5::findings(fake::scores(table5::experiment(), truth, options));
    REQUIRE(findings.size() == 2);
    CHECK(findings[0].id == "F1");
    CHECK(findings[1].id == "F10");
    return fake::letters(findings[0]) + " " + fake::letters(findings[1]);
  };
  CHECK(of(paper_like) == "hhhhhh hh");
  CHECK(of(opposite) == "dddddd dd");
  CHECK(of(flat) == "oohhhh oh");
  CHECK(of(paper_like, {.noise = 60}) == "oooooo oo");
  CHECK(of(paper_like, {.tasks = {data::tasks::nli, data::tasks::reorder}}) == "hhhhhhhhhhhh hhhh");
}

TEST_CASE("a row that was not run is named") {
  auto results = fake::scores(table5::experiment(), paper_like);
  std::erase_if(results, [](const CellResult& r) { return weight_set(r.cell.targets) == "q"; });
  auto findings = table5::findings(results);
  judge(findings);
  CHECK(findings[0].parts[0].judgement.reason == "not run: q r=8");
  CHECK(findings[0].parts[1].judgement.outcome == Outcome::holds);
}

TEST_CASE("the rows are at equal parameters, the MLP as near as a rank can be") {
  std::vector<long> trained;
  std::vector<std::string> names;
  for (const table5::Row& row : table5::rows()) {
    trained.push_back(row.trained());
    names.push_back(row.name());
  }
  // Two layers; r (64 + 64) for a square matrix, r (64 + 256) for up and for down.
  CHECK(trained ==
        std::vector<long>{2048, 2048, 2048, 2048, 2048, 2048, 2048, 2560, 2304, 5120, 5120, 4608});
  CHECK(names == std::vector<std::string>{"q r=8", "k r=8", "v r=8", "o r=8", "q,k r=4", "q,v r=4",
                                          "q,k,v,o r=2", "up,down r=2", "q,k,v,o,up,down r=1",
                                          "q,k,v,o r=5", "up,down r=4", "q,k,v,o,up,down r=2"});
}

}  // namespace table5_test
