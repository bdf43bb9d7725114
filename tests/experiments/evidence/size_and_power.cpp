// size_and_power [SWEEPS]: how often the rule of findings.h errs, and how often it sees what is there,
// by simulation: for families as large as those of the findings, 8 and 10 repetitions (two seeds on
// each of 4 and 5 bases), without runs that collapse and with 5 % of them.
//
// The D of a repetition is normal around a centre, sd 1. A false verdict is one on a family whose
// centres all lie on the threshold. Power is of one statement whose centre is 3 sd on the right side,
// in a family where half of the others are so too. A run that collapses takes 50 sd from its D, on
// the side where the statement does not hold; the threshold is where the runs that learned have their
// centre. Last, the same with the threshold at the mean of all runs: where no run of a sweep happens
// to collapse nothing can know of it, so no rule can keep that mean's rate.
//
// No test: it takes minutes and prints a table, of which docs/tour/experiments.md has the numbers.

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <cstdlib>

#include "experiments/evidence/findings.h"

using namespace experiments::evidence;

namespace {

constexpr double collapse_chance = 0.05, collapse_depth = 50;

struct World {
  int bases = 4;
  double collapses = 0;      // the chance of one
  bool mean_of_all = false;  // the threshold is at the mean with the collapsed runs
  double base_sd = 0;        // of what the repetitions of a base share
};

Contrast draw(const World& world, double centre, autograd::Random& random) {
  Contrast contrast{.text = "D", .each = {}};
  if (world.mean_of_all) contrast.threshold = -collapse_depth * world.collapses;
  std::uint64_t seed = 0;
  for (int base = 0; base < world.bases; ++base) {
    const double shared = world.base_sd * random.normal();
    for (int i = 0; i < 2; ++i) {
      const Repetition repetition{11 + base, ++seed};
      double d = centre + shared + random.normal();
      if (random.chance(world.collapses)) {
        d -= collapse_depth;
        contrast.collapsed.insert(repetition);
      }
      contrast.each[repetition] = d;
    }
  }
  return contrast;
}

// The share of families with a verdict that is false.
double false_verdicts(const World& world, int tests, int sweeps) {
  autograd::Random random(1, "size");
  int wrong = 0;
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    std::vector<Contrast> family;
    for (int i = 0; i < tests; ++i) family.push_back(draw(world, 0, random));
    const auto judged = judge(family);
    wrong += std::any_of(judged.begin(), judged.end(),
                         [](const Judgement& j) { return j.outcome != Outcome::open; });
  }
  return 100.0 * wrong / sweeps;
}

// The share of families whose first statement is seen to hold.
double power(const World& world, int tests, double effect, int sweeps) {
  autograd::Random random(2, "power");
  int seen = 0;
  for (int sweep = 0; sweep < sweeps; ++sweep) {
    std::vector<Contrast> family;
    for (int i = 0; i < tests; ++i) family.push_back(draw(world, i % 2 == 0 ? effect : 0, random));
    seen += judge(family)[0].outcome == Outcome::holds;
  }
  return 100.0 * seen / sweeps;
}

struct Family {
  const char* findings;
  int tests;  // on three tasks
};

constexpr Family families[] = {{"(a) to (e), F6, F8", 3},
                               {"F2, F7, F10, transition", 6},
                               {"F3, F5", 9},
                               {"F11", 12},
                               {"F1", 18}};

}  // namespace

int main(int count, char** arguments) {
  const int sweeps = count > 1 ? std::atoi(arguments[1]) : 2000;
  if (sweeps < 1) {
    fmt::print(stderr, "size_and_power: '{}' is no number of sweeps\n", arguments[1]);
    return 2;
  }
  fmt::print("{} sweeps each, in %; sd of a share of 5 %: {:.1f}\n\n", sweeps,
             100 * std::sqrt(0.05 * 0.95 / sweeps));
  fmt::print("{:<30}{:>6}{:>5} {:>24} {:>24}\n", "", "", "", "no collapses", "5 % collapse");
  fmt::print("{:<30}{:>6}{:>5} {:>8}{:>8}{:>8} {:>8}{:>8}{:>8}{:>10}\n", "family of", "tests", "n",
             "false", "2 sd", "3 sd", "false", "2 sd", "3 sd", "mean");
  for (const auto& [findings, tests] : families)
    for (const int bases : {4, 5}) {
      const World none{bases}, some{bases, collapse_chance};
      const World mean{bases, collapse_chance, true};
      fmt::print("{:<30}{:>6}{:>5} {:>8.1f}{:>8.1f}{:>8.1f} {:>8.1f}{:>8.1f}{:>8.1f}{:>10.1f}\n",
                 findings, tests, 2 * bases, false_verdicts(none, tests, sweeps),
                 power(none, tests, 2, sweeps), power(none, tests, 3, sweeps),
                 false_verdicts(some, tests, sweeps), power(some, tests, 2, sweeps),
                 power(some, tests, 3, sweeps), false_verdicts(mean, tests, sweeps));
    }
  fmt::print("\nOne test of which the two seeds of a base share a part, false verdicts:\n");
  for (const double base_sd : {0.0, 0.5, 1.0, 2.0})
    fmt::print("sd between bases {:.1f}: n = 8 {:.1f}, n = 10 {:.1f}\n", base_sd,
               false_verdicts({4, 0, false, base_sd}, 1, sweeps),
               false_verdicts({5, 0, false, base_sd}, 1, sweeps));
  return 0;
}
