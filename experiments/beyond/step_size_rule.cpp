#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <set>
#include <stdexcept>

#include "experiments/beyond/step_size.h"

namespace experiments::beyond::step_size {
namespace {

// A quantity is a mean over the matrices of a run, in log2 where it is a quotient.
Measured measured(const Quantity& quantity, const std::string& kind) {
  if (quantity.name.starts_with("score")) return points;
  return [quantity, kind](const CellResult& result) {
    std::vector<double> x;
    for (const auto& [name, value] : result.more)
      if (name.starts_with(quantity.name + ".") && (kind.empty() || name.ends_with("." + kind)))
        x.push_back(quantity.is_quotient ? std::log2(value) : value);
    return mean(x);
  };
}

ByRepetition absolute(ByRepetition each) {
  for (auto& [repetition, x] : each) x = std::abs(x);
  return each;
}

// What is read at the smallest and at the largest rate.
struct Ends {
  ByRepetition smallest, largest;
};

std::string relative_text(const Ends& relative) {
  return fmt::format("‖ΔW‖/‖W‖ goes from {:.2f} to {:.2f}.",
                     std::exp2(mean(values(relative.smallest))),
                     std::exp2(mean(values(relative.largest))));
}

}  // namespace

const Quantity& quantity(const std::string& name) {
  static const std::vector<Quantity> all{{"score", amplified},
                                         {"score_more", more},
                                         {"top", more},
                                         {"second", more},
                                         {"cosine", more},
                                         {"relative", amplified, true},
                                         {"factor", amplified, true},
                                         {"over_random", amplified, true},
                                         {"position", amplified}};
  const auto found =
      std::find_if(all.begin(), all.end(), [&](const Quantity& one) { return one.name == name; });
  if (found == all.end()) throw std::invalid_argument("no quantity '" + name + "'");
  return *found;
}

ByRepetition read_off(const std::vector<CellResult>& results, const std::string& task, double lr,
                      double alpha, const Quantity& quantity, const std::string& kind) {
  return by_repetition(
      results,
      [&](const Cell& cell) {
        return task_label(cell) == task && cell.method == "lora" && cell.rank == quantity.rank &&
               cell.lr == lr && cell.alpha == alpha;
      },
      measured(quantity, kind));
}

Finding finding(const std::vector<CellResult>& results, double alpha) {
  Finding finding{"step-size",
                  "Figure 3's shared direction and Table 7's factor depend on the size of the step",
                  "./run step-size",
                  {},
                  trained_cells(results)};
  finding.in_summary = false;
  for (const std::string& task : task_labels(results)) {
    std::set<double> rates;
    for (const CellResult& result : results)
      if (task_label(result.cell) == task && result.cell.method == "lora" &&
          result.cell.alpha == alpha)
        rates.insert(result.cell.lr);
    const auto ends = [&](const char* name) -> Ends {
      if (rates.size() < 2) return {};
      return {read_off(results, task, *rates.begin(), alpha, quantity(name)),
              read_off(results, task, *rates.rbegin(), alpha, quantity(name))};
    };
    const auto add = [&](const char* statement, Contrast rule) {
      if (rates.size() < 2) rule.missing = "two learning rates";
      finding.parts.push_back({statement, task, std::move(rule)});
    };
    const Ends top = ends("top"), factor = ends("factor"), position = ends("position");
    add("at a small step ranks 8 and 16 share their first direction",
        {.text = "φ(1,1) at the smallest rate, corrected; holds above 0.5",
         .each = top.smallest,
         .threshold = 0.5,
         .unit = "of φ"});
    add("they share less of it at a large step",
        {.text = "φ(1,1) at the smallest rate minus at the largest; holds above 0",
         .each = difference(top.smallest, top.largest),
         .unit = "of φ"});
    add("the amplification factor grows with the step",
        {.text = "log2 of the factor at the largest rate minus at the smallest; holds above 1",
         .each = difference(factor.largest, factor.smallest),
         .threshold = 1,
         .note = relative_text(ends("relative")),
         .unit = "doublings"});
    add("where dW stands between random directions and W's own stays",
        {.text = "log-position at the largest rate minus at the smallest, without its sign; holds "
                 "below 0.1",
         .each = absolute(difference(position.largest, position.smallest)),
         .threshold = 0.1,
         .holds_above = false,
         .unit = "of the log-position"});
  }
  return finding;
}

}  // namespace experiments::beyond::step_size
