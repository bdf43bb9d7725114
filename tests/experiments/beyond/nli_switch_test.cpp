#include "experiments/beyond/nli_switch.h"

#include <doctest/doctest.h>

#include <set>

#include "tests/experiments/paper/synthetic_scores.h"

namespace nli_switch_test {

using namespace experiments::beyond;

namespace {

Settings quick() { return settings_for(nli_switch::experiment(), settings_of(Preset::quick)); }

// Runs that solve the task with probability P, at 97 %, and else are at 60 %.
std::vector<CellResult> runs(const std::function<double(const Cell&)>& P) {
  autograd::Random random(2, "switch-test");
  std::vector<CellResult> results;
  for (const Cell& cell : nli_switch::experiment().cells(quick())) {
    CellResult result = fake::result(cell);
    result.value = cell.method == "frozen" ? 0.33 : random.chance(P(cell)) ? 0.97 : 0.6;
    results.push_back(result);
  }
  return results;
}

std::string outcomes(const std::function<double(const Cell&)>& P) {
  std::vector<Finding> one{nli_switch::finding(runs(P))};
  judge(one);
  std::string letters;
  for (const Finding::Part& part : one.front().parts)
    letters += outcome_text(part.judgement.outcome)[0];
  return letters;
}

bool many(const Cell& cell) { return cell.examples == 16000; }

}  // namespace

TEST_CASE("runs that solved are counted, with their exact interval") {
  Runs some;
  for (std::uint64_t seed = 1; seed <= 8; ++seed) {
    CellResult result = fake::result(fake::cell("nli", {"q"}, 1, 1));
    result.value = seed < 8 ? 0.9 : 0.899;
    some[{2, seed}] = result;
  }
  const nli_switch::Solved found = nli_switch::solved(some);
  CHECK(found.runs == 8);
  CHECK(found.solved == 7);
  CHECK(found.share.low == doctest::Approx(0.473).epsilon(0.002));
  CHECK(found.share.high == doctest::Approx(0.997).epsilon(0.002));
}

TEST_CASE("the rule of the switch where the truth is known") {
  CHECK(outcomes([](const Cell& cell) { return many(cell) ? 1.0 : 0.0; }) == "hhh");
  CHECK(outcomes([](const Cell& cell) {
          return cell.targets.size() < 2 || cell.rank == 1 ? 0.0 : 1.0;
        }) == "ddd");
  CHECK(outcomes([](const Cell&) { return 0.5; }).find('c') == std::string::npos);
}

TEST_CASE("the grid of the switch") {
  std::set<int> sizes;
  std::set<std::string> rows;
  for (const Cell& cell : nli_switch::experiment().cells(quick())) {
    CHECK_NOTHROW(check_cell(cell));
    CHECK(cell.task == "nli");
    if (cell.method == "frozen") continue;
    CHECK(cell.steps == 800);  // as in full, and on bases of all steps
    CHECK(cell.base_steps == 8000);
    sizes.insert(cell.examples);
    rows.insert(cell.method == "lora" ? weights_row_of(cell) : cell.method);
  }
  CHECK(sizes == std::set{250, 1000, 16000});
  CHECK(rows == std::set<std::string>{"q r=8", "q,v r=1", "q,v r=8", "full"});
  CHECK(base_and_seeds(settings_of(Preset::full)).size() == 10);
}

}  // namespace nli_switch_test
