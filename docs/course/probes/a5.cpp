// Calls what assignment a5 asks for, with the inputs of each case. It knows no results.
#include <stdexcept>
#include <string>

#include "own/a5_pairs.h"
#include "own/a5_rates.h"
#include "own/a5_verdict.h"
#include "probes/protocol.h"

namespace {

using course::Case;
using course::Matrix;
using namespace course::a5;

std::string row_name(double id) { return "row" + std::to_string(static_cast<int>(id)); }

std::string word(Verdict verdict) {
  return verdict == Verdict::holds           ? "holds"
         : verdict == Verdict::does_not_hold ? "does_not_hold"
                                             : "open";
}

// A line of `runs`: row, base seed, seed, score.
void pairs(const Case& c) {
  std::vector<Run> runs;
  const Matrix& given = c.tensor("runs");
  for (autograd::Index i = 0; i < given.rows(); ++i)
    runs.push_back({row_name(given(i, 0)), static_cast<std::uint64_t>(given(i, 1)),
                    static_cast<std::uint64_t>(given(i, 2)), given(i, 3)});
  const Pairs found = pairs_of(runs, row_name(c.number("a")), row_name(c.number("b")));
  course::write("differences", course::row_of(found.differences));
  course::write("without_partner", found.without_partner);
  course::write("not_finite", found.not_finite);
}

void one_verdict(const Case& c) {
  Pairs given;
  for (const double d : c.tensor("differences").reshaped()) given.differences.push_back(d);
  given.without_partner = static_cast<int>(c.number("without_partner"));
  given.not_finite = static_cast<int>(c.number("not_finite"));
  course::write("verdict", word(verdict(given, c.number("margin"))));
}

void all_verdicts(const Case& c) {
  std::vector<Verdict> verdicts;
  for (const int v : c.ints.at("verdicts"))
    verdicts.push_back(v == 0 ? Verdict::holds : v == 1 ? Verdict::does_not_hold : Verdict::open);
  course::write("verdict", word(over_tasks(verdicts)));
}

// A line of `runs`: row, rate, seed, score. A line of `chosen`: rate, at an edge, runs; by row.
void rates(const Case& c) {
  std::vector<SearchRun> runs;
  const Matrix& given = c.tensor("runs");
  for (autograd::Index i = 0; i < given.rows(); ++i)
    runs.push_back(
        {row_name(given(i, 0)), given(i, 1), static_cast<std::uint64_t>(given(i, 2)), given(i, 3)});
  const std::map<std::string, Chosen> found = chosen_rates(runs);
  Matrix chosen(static_cast<autograd::Index>(found.size()), 3);
  autograd::Index i = 0;
  for (const auto& [row, choice] : found) {
    chosen.row(i++) << choice.lr, static_cast<double>(choice.at_edge),
        static_cast<double>(choice.runs);
  }
  course::write("chosen", chosen);
  course::write("equal_budgets", equal_budgets(found));
}

void run(const Case& c) {
  try {
    const std::string& call = c.text("call");
    if (call == "pairs_of") pairs(c);
    if (call == "verdict") one_verdict(c);
    if (call == "over_tasks") all_verdicts(c);
    if (call == "chosen_rates") rates(c);
  } catch (const std::invalid_argument&) {  // the words of a refusal are free
    course::write("refused", "invalid_argument");
  }
}

}  // namespace

int main() { return course::answer(run); }
