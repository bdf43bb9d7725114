#pragma once

#include <array>
#include <vector>

#include "docs/course/own/a5_pairs.h"

/// Assignment a5, question 2: from pairs to a verdict.
namespace course::a5 {

/// The t of a 95 % interval, two-sided, for n = 2 .. 11 values: t_975[n - 2].
constexpr std::array<double, 10> t_975{12.706, 4.303, 3.182, 2.776, 2.571,
                                       2.447,  2.365, 2.306, 2.262, 2.228};

enum class Verdict { holds, does_not_hold, open };

/// The statement "a is not worse than b by more than `margin` points", margin >= 0, on the pairs of
/// one task. With the 95 % t interval of the mean difference, mean -+ t sd / √n with the sample's
/// standard deviation:
///
///   holds          where the whole interval is above -margin
///   does_not_hold  where the whole interval is below -margin
///   open           otherwise, an end that lies on -margin included; also where there are fewer
///                  than 3 pairs, and where a run diverged or has no partner: those are no accident
///
/// Throws std::invalid_argument for more than 11 differences and for a margin below 0.
Verdict verdict(const Pairs& pairs, double margin);

/// The statement on several tasks: it does not hold where it does not on one of them, else it is
/// open where it is on one, else it holds. Throws std::invalid_argument for no task.
Verdict over_tasks(const std::vector<Verdict>& tasks);

}  // namespace course::a5
