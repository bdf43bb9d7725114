#include "experiments/beyond/step_size.h"

#include <doctest/doctest.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <set>

#include "tests/experiments/paper/synthetic_scores.h"

namespace step_size_test {

using namespace experiments::beyond;
using namespace experiments::beyond::step_size;
using doctest::Approx;

namespace {

// What a run reads, as a function of the rate over the recorded one, which is 0.04 on sqlgen.
struct Truth {
  std::function<double(double)> top, log2_factor, position;
};

// The step decides: shared at a small one, and the factor grows with ΔW, which stays where it is.
const Truth by_the_step{[](double rate) { return 0.4 - 0.1 * std::log2(rate); },
                        [](double rate) { return 4 + std::log2(rate); },
                        [](double) { return 0.2; }};
// Nothing that ΔW says about W, and a ΔW that grows with the rate.
const Truth random_change{[](double) { return 0.0; },
                          [](double rate) { return 4 + std::log2(rate); },
                          [](double) { return 0.0; }};
// An adapter that the rate does not move: what a ΔW of one size and place gives.
const Truth flat{[](double) { return 0.7; }, [](double) { return 4.0; },
                 [](double) { return 0.2; }};

Settings on_sqlgen() {
  Settings settings = settings_for(step_size::experiment(), settings_of(Preset::full));
  settings.tasks = {data::tasks::sqlgen};
  return settings;
}

std::vector<CellResult> results_of(const Truth& truth, double noise, std::uint64_t draw) {
  autograd::Random random(draw, "step-size-test");
  std::vector<CellResult> results;
  for (const Cell& cell : step_size::experiment().cells(on_sqlgen())) {
    CellResult result = fake::result(cell);
    const double rate = cell.lr / 0.04;
    for (const char* matrix : {"blocks.0.attn.q", "blocks.1.attn.v"}) {
      const auto noisy = [&](double x) { return x + noise * random.normal(); };
      if (cell.rank == more) result.more[std::string("top.") + matrix] = noisy(truth.top(rate));
      if (cell.rank != amplified) continue;
      result.more[std::string("factor.") + matrix] = std::exp2(noisy(truth.log2_factor(rate)));
      result.more[std::string("position.") + matrix] = noisy(truth.position(rate));
      result.more[std::string("relative.") + matrix] = rate;
    }
    results.push_back(result);
  }
  return results;
}

std::string outcome_of_draw(const Truth& truth, double noise, std::uint64_t draw) {
  return fake::letters(step_size::finding(results_of(truth, noise, draw), 8));
}

// Of each statement what most of nine draws of the noise say: one draw in twenty may say anything.
std::string outcome(const Truth& truth, double noise = 0.02) {
  std::vector<std::map<char, int>> counts;
  for (std::uint64_t draw = 1; draw <= 9; ++draw) {
    const std::string letters = outcome_of_draw(truth, noise, draw);
    counts.resize(letters.size());
    for (std::size_t i = 0; i < letters.size(); ++i) ++counts[i][letters[i]];
  }
  std::string most;
  for (const auto& letters : counts)
    most += std::ranges::max_element(letters, {}, [](const auto& x) { return x.second; })->first;
  return most;
}

}  // namespace

TEST_CASE("what is read is a mean over matrices, of quotients that of the logarithm") {
  std::vector<CellResult> results;
  for (const std::uint64_t seed : {1, 2}) {
    CellResult result = fake::result(fake::cell("nli", {"q", "v"}, amplified, seed));
    result.value = 0.5;
    result.more = {{"factor.blocks.0.attn.q", 2},
                   {"factor.blocks.0.attn.v", 8},
                   {"position.blocks.0.attn.q", 0.1},
                   {"position.blocks.0.attn.v", 0.3}};
    results.push_back(result);
  }
  const auto read = [&](const char* name, const char* kind = "") {
    return read_off(results, "nli", 0.04, 8, quantity(name), kind);
  };
  CHECK(read("factor") == ByRepetition{{{2, 1}, 2}, {{2, 2}, 2}});
  CHECK(read("factor", "v").at({2, 1}) == 3);
  CHECK(read("position").at({2, 1}) == Approx(0.2));
  CHECK(read("score").at({2, 2}) == 50);
  CHECK(read("top").empty());  // of other ranks
  CHECK(read_off(results, "nli", 0.08, 8, quantity("factor")).empty());
  CHECK_THROWS_AS(quantity("size"), std::invalid_argument);
}

TEST_CASE("where nothing differs, a verdict is as rare as it is to be") {
  int decided = 0;  // of "less at a large one"; 5 % of 40 draws are 2
  for (std::uint64_t draw = 1; draw <= 40; ++draw)
    decided += outcome_of_draw(random_change, 0.02, draw)[1] != 'o';
  CHECK(decided <= 5);
}

TEST_CASE("the rule where the truth is known") {
  CHECK(outcome(by_the_step) == "hhhh");
  // A random change of growing size: the factor grows all the same, which is why it says little.
  CHECK(outcome(random_change) == "dohh");
  CHECK(outcome(flat) == "hodh");
  // At each threshold nothing is decided.
  const Truth at_thresholds{
      [](double) { return 0.5; },
      [](double rate) { return 4 + std::log2(rate) / 5; },  // over 5 doublings
      [](double rate) { return 0.2 + 0.02 * std::log2(rate); }};
  CHECK(outcome(at_thresholds) == "oooo");
  // Where a larger step moves ΔW towards W's own directions, the last fails, either way.
  for (const double sign : {-1, 1}) {
    Truth moving = by_the_step;
    moving.position = [sign](double rate) { return 0.4 + sign * 0.1 * std::log2(rate); };
    CHECK(outcome(moving) == "hhhd");
  }
  Truth growing = flat;
  growing.top = [](double rate) { return 0.9 + 0.1 * std::log2(rate); };
  CHECK(outcome(growing).substr(0, 2) == "od");
  CHECK(outcome(by_the_step, 60).substr(0, 3) == "ooo");
}

TEST_CASE("the step is varied by the rate and by alpha, by the same factors, on fresh bases") {
  for (const Preset preset : {Preset::smoke, Preset::quick, Preset::full}) {
    const Settings settings = settings_for(step_size::experiment(), settings_of(preset));
    std::map<std::string, std::set<double>> by_rate, by_alpha;
    std::map<std::uint64_t, std::set<std::uint64_t>> bases_of_seed;
    std::set<std::string> keys;
    for (const Cell& cell : step_size::experiment().cells(settings)) {
      CHECK_NOTHROW(check_cell(cell));
      CHECK(keys.insert(cell.key()).second);
      bases_of_seed[cell.seed].insert(cell.base_seed);
      if (preset != Preset::smoke) CHECK(cell.base_seed >= 11);
      if (cell.method == "frozen") continue;
      const double recorded = cell.task == "nli" ? 0.005 : 0.04;
      CHECK((cell.lr == recorded || cell.alpha == 8));  // one at a time
      if (cell.alpha == 8) by_rate[cell.task].insert(cell.lr / recorded);
      if (cell.lr == recorded) by_alpha[cell.task].insert(cell.alpha / 8);
    }
    CHECK(by_rate == by_alpha);
    CHECK(by_rate.size() == 3);
    for (const auto& [task, factors] : by_rate) {
      CHECK(*factors.begin() == 1. / 16);
      CHECK(factors.count(1) == 1);
      CHECK(factors.size() == (preset == Preset::full ? 6 : preset == Preset::quick ? 3 : 2));
    }
    CHECK(bases_of_seed.size() == (preset == Preset::full ? 10 : preset == Preset::quick ? 8 : 1));
    for (const auto& [seed, bases] : bases_of_seed) CHECK(bases.size() == 1);
  }
}

}  // namespace step_size_test
