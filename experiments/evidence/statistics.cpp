#include "experiments/evidence/statistics.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>
#include <stdexcept>

namespace experiments::evidence {
namespace {

/// 1 / f with the continued fraction of the incomplete beta function (Abramowitz and Stegun 26.5.8)
///   f = 1 + d_1/(1 + d_2/(1 + ...)),  d_2m   =  m (b-m) x / ((a+2m-1)(a+2m)),
///                                     d_2m+1 = -(a+m)(a+b+m) x / ((a+2m)(a+2m+1)),
/// evaluated from the front by the modified Lentz recurrence: successive convergents have the ratio
/// c * d, where c and 1/d obey the fraction's own recurrence, from above and from below.
double beta_fraction(double a, double b, double x) {
  constexpr double tiny = 1e-300;  // stands in for a denominator that happens to be 0
  const auto away_from_zero = [](double y) { return std::abs(y) < tiny ? tiny : y; };
  double f = 1, c = 1, d = 0;
  for (int k = 1; k < 10'000; ++k) {
    const double m = k / 2;
    const double term = k % 2 == 0 ? m * (b - m) * x / ((a + 2 * m - 1) * (a + 2 * m))
                                   : -(a + m) * (a + b + m) * x / ((a + 2 * m) * (a + 2 * m + 1));
    d = 1 / away_from_zero(1 + term * d);
    c = away_from_zero(1 + term / c);
    f *= c * d;
    if (std::abs(c * d - 1) < 1e-15) break;
  }
  return 1 / f;
}

void need_two(const std::vector<double>& x) {
  if (x.size() < 2) {
    throw std::invalid_argument(fmt::format("a t-test needs at least 2 values, not {}", x.size()));
  }
}

/// (mean - threshold) in standard errors; infinite without any spread.
double t_statistic(const std::vector<double>& x, double threshold) {
  need_two(x);
  const double distance = mean(x) - threshold;
  if (distance == 0) return 0;
  return distance / (sample_sd(x) / std::sqrt(static_cast<double>(x.size())));
}

double degrees_of_freedom(const std::vector<double>& x) {
  return static_cast<double>(x.size()) - 1;
}

}  // namespace

double mean(const std::vector<double>& x) {
  if (x.empty()) return std::numeric_limits<double>::quiet_NaN();
  return std::accumulate(x.begin(), x.end(), 0.0) / static_cast<double>(x.size());
}

double sample_sd(const std::vector<double>& x) {
  if (x.size() < 2) return std::numeric_limits<double>::quiet_NaN();
  const double centre = mean(x);
  double sum = 0;
  for (const double value : x) sum += (value - centre) * (value - centre);
  return std::sqrt(sum / static_cast<double>(x.size() - 1));
}

double incomplete_beta(double a, double b, double x) {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  // The fraction converges fast below the mean of the distribution; above it, its mirror image
  // does.
  if (x > (a + 1) / (a + b + 2)) return 1 - incomplete_beta(b, a, 1 - x);
  const double log_front = a * std::log(x) + b * std::log1p(-x) - std::log(a) + std::lgamma(a + b) -
                           std::lgamma(a) - std::lgamma(b);
  return std::exp(log_front) * beta_fraction(a, b, x);
}

double student_t_above(double t, double df) {
  // P(|T| > t) = I_x(df/2, 1/2) at x = df / (df + t^2).
  const double tail = 0.5 * incomplete_beta(df / 2, 0.5, df / (df + t * t));
  return t >= 0 ? tail : 1 - tail;
}

double student_t_critical(double p, double df) {
  double low = 0, high = 1;
  while (2 * student_t_above(high, df) > p) high *= 2;
  for (int i = 0; i < 100; ++i) {
    const double middle = (low + high) / 2;
    (2 * student_t_above(middle, df) > p ? low : high) = middle;
  }
  return high;
}

double p_mean_above(const std::vector<double>& x, double threshold) {
  return student_t_above(t_statistic(x, threshold), degrees_of_freedom(x));
}

double p_mean_below(const std::vector<double>& x, double threshold) {
  return student_t_above(-t_statistic(x, threshold), degrees_of_freedom(x));
}

double p_mean_differs(const std::vector<double>& x, double threshold) {
  return std::min(1.0, 2 * std::min(p_mean_above(x, threshold), p_mean_below(x, threshold)));
}

// Calls each(chosen) for all 2^n choices of n <= 20 things, as the bits of a number; for more things
// for all of them (the choice that was seen), none, and random ones.
template <class Each>
static void each_choice(std::size_t n, const Each& each) {
  constexpr std::size_t most = 20;
  const std::uint64_t choices = std::uint64_t{1} << std::min(n, most);
  if (n <= most) {
    for (std::uint64_t chosen = 0; chosen < choices; ++chosen) each(chosen);
    return;
  }
  if (n > 63) throw std::invalid_argument("sign flips take up to 63 values");
  const std::uint64_t all = (std::uint64_t{1} << n) - 1;
  autograd::Random random(0, "statistics.sign_flips");
  each(all);
  each(0);
  for (std::uint64_t i = 2; i < choices; ++i) each(random.below(all) + 1);
}

double p_sign_flips(const std::vector<double>& x, double threshold) {
  if (x.empty()) throw std::invalid_argument("sign flips need at least 1 value");
  double seen = 0, size = 0;
  for (const double value : x) seen += value - threshold, size += std::abs(value - threshold);
  const double as_far = std::abs(seen) - 1e-12 * size;  // sums in another order round otherwise
  std::size_t ways = 0, count = 0;
  each_choice(x.size(), [&](std::uint64_t positive) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      sum += (positive >> i & 1) != 0 ? x[i] - threshold : threshold - x[i];
    ways += std::abs(sum) >= as_far;
    ++count;
  });
  return static_cast<double>(ways) / static_cast<double>(count);
}

double least_p_sign_flips(int n) { return 2 * std::exp2(-n); }

Interval sign_flip_interval(const std::vector<double>& x, double level) {
  if (x.empty()) throw std::invalid_argument("sign flips need at least 1 value");
  std::vector<double> means;
  each_choice(x.size(), [&](std::uint64_t chosen) {
    if (chosen == 0) return;
    double sum = 0;
    int count = 0;
    for (std::size_t i = 0; i < x.size(); ++i)
      if ((chosen >> i & 1) != 0) sum += x[i], ++count;
    means.push_back(sum / count);
  });
  std::sort(means.begin(), means.end());
  // Between two neighbours of the 2^n - 1 typical values the centre lies with probability 2^-n.
  const double outside = (1 - level) / 2 * static_cast<double>(means.size() + 1);
  const auto skipped = static_cast<std::size_t>(std::max(1.0, std::floor(outside))) - 1;
  return {means[skipped], means[means.size() - 1 - skipped]};
}

std::vector<double> jackknife_of_pairs(const std::vector<double>& of_each) {
  if (of_each.size() < 3)
    throw std::invalid_argument(
        fmt::format("a jackknife over pairs needs at least 3 things, not {}", of_each.size()));
  const double n = static_cast<double>(of_each.size()), m = mean(of_each);
  std::vector<double> pseudo;
  for (const double a : of_each) pseudo.push_back(m + 2 * (n - 1) / (n - 2) * (a - m));
  return pseudo;
}

double fitted_exponent(const std::vector<double>& x, const std::vector<double>& y) {
  if (x.size() != y.size() || x.size() < 2)
    throw std::invalid_argument("an exponent is fitted to two points or more");
  const auto n = static_cast<double>(x.size());
  double mean_x = 0, mean_y = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (!(x[i] > 0 && y[i] > 0))
      throw std::invalid_argument(fmt::format("({}, {}) has no logarithm", x[i], y[i]));
    mean_x += std::log(x[i]) / n;
    mean_y += std::log(y[i]) / n;
  }
  double xx = 0, xy = 0;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double dx = std::log(x[i]) - mean_x;
    xx += dx * dx;
    xy += dx * (std::log(y[i]) - mean_y);
  }
  if (!(xx > 0)) throw std::invalid_argument("an exponent needs two different x");
  return xy / xx;
}

Interval t_interval(const std::vector<double>& x, double level) {
  need_two(x);
  const double half = student_t_critical(1 - level, degrees_of_freedom(x)) * sample_sd(x) /
                      std::sqrt(static_cast<double>(x.size()));
  return {mean(x) - half, mean(x) + half};
}

Interval t_interval_or_nan(const std::vector<double>& x) {
  constexpr double nan = std::numeric_limits<double>::quiet_NaN();
  return x.size() < 2 ? Interval{nan, nan} : t_interval(x);
}

Interval bootstrap_interval(const std::vector<double>& x, autograd::Random random, double level,
                            int resamples) {
  if (x.empty()) throw std::invalid_argument("a bootstrap needs at least 1 value");
  std::vector<double> means(static_cast<std::size_t>(resamples));
  for (double& m : means) {
    double sum = 0;
    for (std::size_t i = 0; i < x.size(); ++i) sum += x[random.below(x.size())];
    m = sum / static_cast<double>(x.size());
  }
  std::sort(means.begin(), means.end());
  const auto at = [&](double share) {
    return means[static_cast<std::size_t>(share * static_cast<double>(means.size() - 1) + 0.5)];
  };
  return {at((1 - level) / 2), at((1 + level) / 2)};
}

Interval exact_interval(int k, int n, double level) {
  const double tail = (1 - level) / 2;
  // P(at least k of n) = I_p(k, n - k + 1) rises with p; the p at which it is `wanted`.
  const auto proportion = [n](int k, double wanted) {
    double low = 0, high = 1;
    for (int i = 0; i < 60; ++i) {
      const double p = (low + high) / 2;
      (incomplete_beta(k, n - k + 1, p) < wanted ? low : high) = p;
    }
    return (low + high) / 2;
  };
  return {k == 0 ? 0 : proportion(k, tail), k == n ? 1 : proportion(k + 1, 1 - tail)};
}

std::vector<double> holm(const std::vector<double>& p) {
  std::vector<std::size_t> order(p.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](auto i, auto j) { return p[i] < p[j]; });
  std::vector<double> corrected(p.size());
  double before = 0;
  for (std::size_t k = 0; k < order.size(); ++k) {
    before = std::min(1.0, std::max(before, p[order[k]] * static_cast<double>(p.size() - k)));
    corrected[order[k]] = before;
  }
  return corrected;
}

}  // namespace experiments::evidence
