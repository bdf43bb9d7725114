#include "experiments/evidence/statistics.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

namespace statistics_test {

using namespace experiments::evidence;
using doctest::Approx;

TEST_CASE("mean and sample standard deviation") {
  CHECK(mean({2, 4, 4, 4, 5, 5, 7, 9}) == 5);
  CHECK(sample_sd({2, 4, 4, 4, 5, 5, 7, 9}) == Approx(std::sqrt(32.0 / 7)));
  CHECK(sample_sd({1e9 + 1, 1e9 + 2, 1e9 + 3}) == Approx(1));  // no cancellation of large squares
  CHECK(std::isnan(mean({})));
  CHECK(std::isnan(sample_sd({3})));
}

TEST_CASE("the incomplete beta function where it is known in closed form") {
  for (const double x : {0.0, 0.01, 0.3, 0.5, 0.9, 1.0}) {
    CHECK(incomplete_beta(1, 1, x) == Approx(x).epsilon(1e-13));
    CHECK(incomplete_beta(2, 3, x) ==
          Approx(6 * x * x - 8 * x * x * x + 3 * x * x * x * x).epsilon(1e-12));
    CHECK(incomplete_beta(0.5, 0.5, x) ==
          Approx(2 / std::acos(-1.0) * std::asin(std::sqrt(x))).epsilon(1e-12));
    CHECK(incomplete_beta(3.5, 20, x) + incomplete_beta(20, 3.5, 1 - x) == Approx(1));
  }
}

TEST_CASE("Student's t agrees with the printed tables") {
  // Two-sided 5 % and 1 % points for 1, 2, 4, 9, 30 and 1000 degrees of freedom.
  const double df[] = {1, 2, 4, 9, 30, 1000};
  const double five[] = {12.706, 4.303, 2.776, 2.262, 2.042, 1.962};
  const double one[] = {63.657, 9.925, 4.604, 3.250, 2.750, 2.581};
  for (int i = 0; i < 6; ++i) {
    CHECK(student_t_critical(0.05, df[i]) == Approx(five[i]).epsilon(3e-4));
    CHECK(student_t_critical(0.01, df[i]) == Approx(one[i]).epsilon(3e-4));
    CHECK(2 * student_t_above(five[i], df[i]) == Approx(0.05).epsilon(2e-3));
  }
  CHECK(student_t_above(1, 1) == Approx(0.25).epsilon(1e-12));  // Cauchy: 1/2 - atan(1)/pi
  CHECK(student_t_above(-1, 1) == Approx(0.75).epsilon(1e-12));
  CHECK(student_t_above(0, 7) == Approx(0.5));
  CHECK(student_t_above(INFINITY, 7) == 0);
  CHECK(student_t_above(1e6, 2) == Approx(0.5e-12).epsilon(1e-6));  // tail of df 2: 1/(2 t^2)
}

TEST_CASE("the paired t-test on Student's sleep data") {
  // Hours of sleep gained with two drugs by ten patients (Student 1908): t = 4.0621, p = 0.002833.
  const std::vector<double> first = {0.7, -1.6, -0.2, -1.2, -0.1, 3.4, 3.7, 0.8, 0.0, 2.0};
  const std::vector<double> second = {1.9, 0.8, 1.1, 0.1, -0.1, 4.4, 5.5, 1.6, 4.6, 3.4};
  std::vector<double> gain;
  for (std::size_t i = 0; i < first.size(); ++i) gain.push_back(second[i] - first[i]);
  CHECK(p_mean_differs(gain) == Approx(0.002833).epsilon(1e-3));
  CHECK(p_mean_above(gain, 0) == Approx(0.0014166).epsilon(1e-3));
  CHECK(p_mean_below(gain, 0) == Approx(1 - 0.0014166).epsilon(1e-6));
  const Interval interval = t_interval(gain);
  CHECK(interval.low == Approx(0.7001142).epsilon(1e-5));
  CHECK(interval.high == Approx(2.4598858).epsilon(1e-5));
  // Control: the same numbers with the drugs swapped say something else.
  for (double& d : gain) d = -d;
  CHECK(p_mean_above(gain, 0) > 0.99);
}

TEST_CASE("values without spread, and too few of them") {
  CHECK(p_mean_above({2, 2, 2}, 1) == 0);
  CHECK(p_mean_above({2, 2, 2}, 3) == 1);
  CHECK(p_mean_above({2, 2, 2}, 2) == 0.5);
  CHECK(p_mean_differs({2, 2, 2}, 2) == 1);
  CHECK_THROWS_AS(p_mean_above({2}, 1), std::invalid_argument);
  CHECK_THROWS_AS(t_interval({}), std::invalid_argument);
}

TEST_CASE("the bootstrap interval: reproducible, about the mean, as wide as it should be") {
  autograd::Random draw(1, "test.bootstrap.values");
  std::vector<double> x(200);
  for (double& value : x) value = 10 + 2 * draw.normal();
  const autograd::Random stream(7, "test.bootstrap");
  const Interval once = bootstrap_interval(x, stream), again = bootstrap_interval(x, stream);
  CHECK(once.low == again.low);
  CHECK(once.high == again.high);
  const Interval t = t_interval(x);  // for 200 values both methods agree closely
  CHECK(once.low == Approx(t.low).epsilon(0.005));
  CHECK(once.high == Approx(t.high).epsilon(0.005));
  CHECK(once.high - once.low > 0.4);
  const Interval other = bootstrap_interval(x, autograd::Random(8, "test.bootstrap"));
  CHECK(other.low != once.low);
  const Interval constant = bootstrap_interval({3, 3, 3}, stream);
  CHECK(constant.low == 3);
  CHECK(constant.high == 3);
  CHECK_THROWS_AS(bootstrap_interval({}, stream), std::invalid_argument);
}

TEST_CASE("Holm's correction by hand") {
  const auto corrected = holm({0.01, 0.04, 0.03, 0.005});
  CHECK(corrected[3] == Approx(0.02));  // 4 * 0.005
  CHECK(corrected[0] == Approx(0.03));  // 3 * 0.01
  CHECK(corrected[2] == Approx(0.06));  // 2 * 0.03
  CHECK(corrected[1] == Approx(0.06));  // 1 * 0.04 would fall below its forerunner
  CHECK(holm({0.9, 0.8})[0] == 1);
  CHECK(holm({}).empty());
}

TEST_CASE("Holm keeps the false rejections of a family at 5 %, no correction does not") {
  int corrected = 0, uncorrected = 0;
  for (std::uint64_t table = 0; table < 400; ++table) {
    autograd::Random random(table, "test.holm");
    std::vector<double> p(12);
    for (double& value : p) value = random.uniform();
    double smallest_raw = 1, smallest = 1;
    for (const double value : p) smallest_raw = std::min(smallest_raw, value);
    for (const double value : holm(p)) smallest = std::min(smallest, value);
    corrected += smallest <= 0.05;
    uncorrected += smallest_raw <= 0.05;
  }
  CHECK(corrected <= 34);     // 400 * 0.05 = 20, plus 3.2 standard deviations
  CHECK(uncorrected >= 140);  // 400 * (1 - 0.95^12) = 184
}

TEST_CASE("the jackknife of pairs: by its definition, and what is brought where pairs are means") {
  autograd::Random random(1, "jackknife");
  const std::size_t n = 6;
  std::vector<std::vector<double>> pair(n, std::vector<double>(n, 0));
  for (std::size_t i = 0; i < n; ++i)
    for (std::size_t j = 0; j < i; ++j) pair[i][j] = pair[j][i] = random.normal();
  const auto mean_without = [&](std::size_t left_out) {
    std::vector<double> values;
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < i; ++j)
        if (i != left_out && j != left_out) values.push_back(pair[i][j]);
    return mean(values);
  };
  std::vector<double> of_each;
  for (const auto& row : pair)
    of_each.push_back(mean(row) * static_cast<double>(n) / static_cast<double>(n - 1));
  const std::vector<double> pseudo = jackknife_of_pairs(of_each);
  for (std::size_t i = 0; i < n; ++i)
    CHECK(pseudo[i] == Approx(6 * mean_without(n) - 5 * mean_without(i)));
  CHECK(mean(pseudo) == Approx(mean_without(n)));

  // a_i = (b_i + mean of the other b) / 2 of b = 1, 2, 6, whose other means are 4, 3.5, 1.5.
  const std::vector<double> brought = jackknife_of_pairs({2.5, 2.75, 3.75});
  CHECK(brought[0] == Approx(1));
  CHECK(brought[1] == Approx(2));
  CHECK(brought[2] == Approx(6));
  CHECK_THROWS_AS(jackknife_of_pairs({1, 2}), std::invalid_argument);
}

TEST_CASE("pairs that share seeds: a t-test on pairs is too sure, on the jackknife it is not") {
  autograd::Random random(2, "jackknife.level");
  constexpr int n = 5, trials = 20'000;  // so that 5 % is known to 0.15 %
  int by_pairs = 0, by_seeds = 0;
  for (int trial = 0; trial < trials; ++trial) {
    // Nothing is there: every seed brings something around 0, and every pair some noise.
    std::vector<double> seed(n), of_each(n, 0), pairs;
    for (double& brings : seed) brings = random.normal();
    for (std::size_t i = 0; i < n; ++i)
      for (std::size_t j = 0; j < i; ++j) {
        pairs.push_back((seed[i] + seed[j]) / 2 + 0.2 * random.normal());
        of_each[i] += pairs.back() / (n - 1);
        of_each[j] += pairs.back() / (n - 1);
      }
    by_pairs += p_mean_differs(pairs) < 0.05;
    by_seeds += p_mean_differs(jackknife_of_pairs(of_each)) < 0.05;
  }
  CHECK(by_seeds < 0.055 * trials);
  CHECK(by_pairs > 0.15 * trials);  // the control
}

TEST_CASE("a fitted exponent is that of the power law it was given") {
  const std::vector<double> x{1, 2, 4, 16};
  const auto y = [&](double p) {
    std::vector<double> values;
    for (const double value : x) values.push_back(3 * std::pow(value, p));
    return values;
  };
  for (const double p : {-1.0, 0.0, 0.5, 2.0}) CHECK(fitted_exponent(x, y(p)) == Approx(p));
  CHECK(fitted_exponent(x, {1, 2, 4, 8}) < 0.9);  // the last point pulls it down
  CHECK_THROWS_AS(fitted_exponent({1}, {1}), std::invalid_argument);
  CHECK_THROWS_AS(fitted_exponent({2, 2}, {1, 2}), std::invalid_argument);
  CHECK_THROWS_AS(fitted_exponent({1, 2}, {0, 2}), std::invalid_argument);
}

TEST_CASE("the exact interval of a proportion") {
  // Clopper and Pearson's limits, as tables have them.
  CHECK(exact_interval(0, 8).low == 0);
  CHECK(exact_interval(0, 8).high == doctest::Approx(0.3694).epsilon(1e-3));
  CHECK(exact_interval(8, 8).low == doctest::Approx(0.6306).epsilon(1e-3));
  CHECK(exact_interval(8, 8).high == 1);
  CHECK(exact_interval(5, 10).low == doctest::Approx(0.1871).epsilon(1e-3));
  CHECK(exact_interval(5, 10).high == doctest::Approx(0.8129).epsilon(1e-3));
  // It covers at least its level for every true proportion; by direct sums.
  for (const double p : {0.03, 0.2, 0.5, 0.77}) {
    constexpr int n = 9;
    double covered = 0, choose = 1;
    for (int k = 0; k <= n; choose = choose * (n - k) / (k + 1), ++k) {
      const Interval interval = exact_interval(k, n);
      if (interval.low <= p && p <= interval.high)
        covered += choose * std::pow(p, k) * std::pow(1 - p, n - k);
    }
    CAPTURE(p);
    CHECK(covered >= 0.95);
    CHECK(covered < 1);
  }
}

TEST_CASE("sign flips count the ways, by hand and against their own definition") {
  // (1, 2, 4): the sums over all signs are ±7, ±5, ±3, ±1; 7 and -7 are as far as 7.
  CHECK(p_sign_flips({1, 2, 4}, 0) == Approx(2.0 / 8));
  CHECK(p_sign_flips({1, -2, 4}, 0) == Approx(6.0 / 8));  // 3: all but ±1
  CHECK(p_sign_flips({1, 2, 4}, 1) == p_sign_flips({0, 1, 3}, 0));
  CHECK(p_sign_flips({5, 5, 5, 5}, 5) == 1);
  CHECK(p_sign_flips(std::vector<double>(8, 3), 0) == least_p_sign_flips(8));
  // Tenths round; the sum in another order is still as far.
  CHECK(p_sign_flips({0.1, 0.2, 0.3, 0.4, 0.5, 0.6}, 0) == Approx(2.0 / 64));
  CHECK(p_sign_flips(std::vector<double>(30, 1), 0) < 1e-5);
  CHECK_THROWS_AS(p_sign_flips({}, 0), std::invalid_argument);
}

TEST_CASE("the interval of sign flips is where they do not reject, and covers what it says") {
  const std::vector<double> x{1, 2, 4, 8, 16, 32, 64, 128};
  const Interval interval = sign_flip_interval(x);
  for (const double inside : {interval.low + 1e-6, interval.high - 1e-6})
    CHECK(p_sign_flips(x, inside) > 0.05 - 2.0 / 256);
  CHECK(p_sign_flips(x, interval.low - 1) <= 0.05);
  CHECK(p_sign_flips(x, interval.high + 1) <= 0.05);
  CHECK(sign_flip_interval({1, 2, 4}).low == 1);
  CHECK(sign_flip_interval({1, 2, 4}).high == 4);
  // Symmetric around 0 with heavy tails: of 2000 intervals 95 % hold it, within 3.3 sd of 1.0 %.
  autograd::Random random(0, "test.sign_flips");
  int covered = 0;
  for (int draw = 0; draw < 2000; ++draw) {
    std::vector<double> values;
    for (int i = 0; i < 8; ++i) values.push_back(std::pow(random.normal(), 3));
    const Interval found = sign_flip_interval(values);
    covered += found.low <= 0 && 0 <= found.high;
  }
  CHECK(covered > 1868);
  CHECK(covered < 1932);
}

}  // namespace statistics_test
