#pragma once

#include <vector>

#include "autograd/random.h"
#include "experiments/namespaces.h"

namespace experiments::evidence {

struct Interval {
  double low = 0, high = 0;
};

double mean(const std::vector<double>& x);  ///< NaN of nothing

/// Square root of sum (x - mean)^2 / (n - 1); NaN for fewer than two values.
double sample_sd(const std::vector<double>& x);

/// I_x(a, b), the regularised incomplete beta function, for a, b > 0 and 0 <= x <= 1.
double incomplete_beta(double a, double b, double x);

/// P(T > t) for Student's t with `df` > 0 degrees of freedom.
double student_t_above(double t, double df);

/// The t with P(|T| > t) = p, for 0 < p < 1.
double student_t_critical(double p, double df);

/// The t-tests below take n >= 2 values and assume that their mean is about normal; they throw
/// std::invalid_argument for fewer. Values without any spread are evidence that a t-test cannot
/// weigh: p is 0 or 1, or 1/2 (one side) and 1 (two sides) if they lie on the threshold itself.
/// Sign flips weigh it.

/// p of "the mean is at most `threshold`" against "it is above", the one-sided one-sample t-test.
double p_mean_above(const std::vector<double>& x, double threshold);

/// p of "the mean is at least `threshold`" against "it is below".
double p_mean_below(const std::vector<double>& x, double threshold);

/// p of "the mean is `threshold`" against "it is not". On paired differences with threshold 0 this
/// is the paired t-test.
double p_mean_differs(const std::vector<double>& x, double threshold = 0);

/// p of "the values lie symmetrically around `threshold`" against "they do not", two-sided: the
/// share of the 2^n ways to give each (x - threshold) a sign whose sum is at least as far from 0 as
/// the one seen (Fisher 1935). It asks nothing of their spread: one value far out, or none that
/// differs, is no harm. The least it can be is 2 / 2^n. For n > 20 of 2^20 random ways, the one seen
/// among them. Throws std::invalid_argument for no values.
double p_sign_flips(const std::vector<double>& x, double threshold);

/// The least p that sign flips of n values can give: 2 / 2^n.
double least_p_sign_flips(int n);

/// The thresholds that sign flips do not reject: between two of the sorted means over the 2^n - 1
/// subsets of the values (Hartigan 1969, typical values), each with a share of (1 - level) / 2 of
/// them outside. Where n is so small that none is outside, all of them. For n > 20 as above.
Interval sign_flip_interval(const std::vector<double>& x, double level = 0.95);

/// The jackknife of a mean over all pairs of n >= 3 things, say of the agreement of every two
/// seeds. Pairs that share one of them are not independent, so n (n-1)/2 pairs are no sample of
/// that size: what may be drawn anew are the things. With m the mean over all pairs and m_(i) the
/// same without thing i, the pseudo-values are n m - (n-1) m_(i) (Arvesen 1969); their mean is m,
/// and their t-test and bootstrap are those of a sample of n. `of_each` is the mean over the n-1
/// pairs of each thing, a_i, from which they are, with the algebra done,
///   m + 2 (n-1)/(n-2) (a_i - m).
/// Where a pair is the mean of what its two bring, they are what each brings. Throws
/// std::invalid_argument for n < 3.
std::vector<double> jackknife_of_pairs(const std::vector<double>& of_each);

/// The slope of the line through (log x, log y) that has the least squares. Throws
/// std::invalid_argument for fewer than two points, equal x, or a value that is not positive.
double fitted_exponent(const std::vector<double>& x, const std::vector<double>& y);

/// mean -+ t * sd / sqrt(n), which covers the true mean with probability `level`.
Interval t_interval(const std::vector<double>& x, double level = 0.95);

/// The same at 95 %, NaN for fewer than two values: for tables that have a place for it.
Interval t_interval_or_nan(const std::vector<double>& x);

/// The percentile interval for a mean: the central `level` of the means of `resamples` draws of n
/// values with replacement. Narrow for few values (n = 5 covers about 85 % at level 0.95).
Interval bootstrap_interval(const std::vector<double>& x, autograd::Random random,
                            double level = 0.95, int resamples = 2000);

/// The interval of Clopper and Pearson (1934) for a proportion of which k of n >= 1 were seen: every
/// true proportion outside of it would give as few or as many in at most (1 - level) / 2 of cases.
/// It covers at least `level`, for any n.
Interval exact_interval(int k, int n, double level = 0.95);

/// Holm's step-down correction: the k-th smallest of m p values times m - k + 1, never below the
/// one before it and at most 1. Rejecting where it is at most 5 % keeps the chance of any false
/// rejection in the family at 5 %, however the tests depend on each other.
std::vector<double> holm(const std::vector<double>& p);

}  // namespace experiments::evidence
