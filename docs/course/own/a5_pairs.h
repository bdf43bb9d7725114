#pragma once

#include <cstdint>
#include <string>
#include <vector>

/// Assignment a5, question 1: from finished runs to pairs. Scores are in points, 0 to 100.
namespace course::a5 {

/// A finished run. A repetition is a pair (base seed, seed). The score of a run that diverged is NaN.
struct Run {
  std::string row;
  std::uint64_t base_seed = 0, seed = 0;
  double score = 0;
};

/// The differences between two rows.
struct Pairs {
  std::vector<double> differences;  ///< by base seed and then seed; finite ones only
  int without_partner = 0;          ///< runs of either row whose repetition the other has not
  int not_finite = 0;               ///< pairs in which a run diverged
};

/// a - b of each repetition that both rows have. Throws std::invalid_argument where a row has two
/// runs of one repetition, and where one of the rows has no run at all.
Pairs pairs_of(const std::vector<Run>& runs, const std::string& a, const std::string& b);

}  // namespace course::a5
