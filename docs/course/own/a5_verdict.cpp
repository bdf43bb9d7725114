#include "docs/course/own/a5_verdict.h"

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace course::a5 {

Verdict verdict(const Pairs& pairs, double margin) {
  const std::vector<double>& d = pairs.differences;
  if (!(margin >= 0)) throw std::invalid_argument("a margin is at least 0");
  if (d.size() > t_975.size() + 1) throw std::invalid_argument("at most 11 pairs");
  if (d.size() < 3 || pairs.not_finite > 0 || pairs.without_partner > 0) return Verdict::open;
  const auto n = static_cast<double>(d.size());
  double mean = 0, squares = 0;
  for (const double x : d) mean += x / n;
  for (const double x : d) squares += (x - mean) * (x - mean);
  const double half = t_975[d.size() - 2] * std::sqrt(squares / (n - 1) / n);
  if (mean - half > -margin) return Verdict::holds;
  return mean + half < -margin ? Verdict::does_not_hold : Verdict::open;
}

Verdict over_tasks(const std::vector<Verdict>& tasks) {
  if (tasks.empty()) throw std::invalid_argument("a statement is about at least one task");
  for (const Verdict decisive : {Verdict::does_not_hold, Verdict::open})
    if (std::find(tasks.begin(), tasks.end(), decisive) != tasks.end()) return decisive;
  return Verdict::holds;
}

}  // namespace course::a5
