#pragma once

#include <functional>
#include <vector>

#include "experiments/namespaces.h"

namespace experiments::harness {

/// Seconds for each of so many calls of an action, one behind the other.
double seconds_of(const std::function<void()>& action, int calls = 1);

/// How long actions take beside each other: [action][round], seconds per call. The actions take
/// turns in every round, each round begins with another one, so that what slows the machine down
/// for a while slows all of them. An action is called as often as it takes to fill min_seconds.
/// Matrix products run on one thread meanwhile. Measurements: no two runs agree.
std::vector<std::vector<double>> interleaved_seconds(
    const std::vector<std::function<void()>>& actions, int rounds, double min_seconds = 2e-3);

/// The speed of a kernel that does `flops` operations a call, 10⁹ a second: the best of five runs
/// of about 10⁸ operations each, after one call that is not timed.
double best_gflops(double flops, const std::function<void()>& kernel);

/// a[i] / b[i].
std::vector<double> ratios(const std::vector<double>& a, const std::vector<double>& b);

/// The value below which the share p in [0, 1] of the values lies, linear in between; NaN of
/// nothing. p = 0.5 is the median.
double quantile(std::vector<double> x, double p);

}  // namespace experiments::harness
