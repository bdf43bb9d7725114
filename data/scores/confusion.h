#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace data::scores {

/// How often each label was given to each: the scores of a classifier. In the formulas t_k is the
/// number of examples of label k, p_k how often it was predicted, c_k how often rightly, c = Σ c_k
/// and s the number of all. A ratio 0/0 counts as 0.
class Confusion {
 public:
  /// In the order of the table. Throws std::invalid_argument for fewer than two, or one twice.
  explicit Confusion(std::vector<std::string> labels);

  /// One example. Throws std::invalid_argument for a label that is none, naming those there are.
  void add(std::string_view gold, std::string_view predicted);

  std::size_t count(std::string_view gold, std::string_view predicted) const;
  std::size_t total() const;  ///< s
  const std::vector<std::string>& labels() const { return labels_; }

  double accuracy() const;                         ///< c/s
  double precision(std::string_view label) const;  ///< c_k/p_k
  double recall(std::string_view label) const;     ///< c_k/t_k
  double f1(std::string_view label) const;         ///< 2 c_k/(t_k + p_k)

  /// The mean of f1 over the labels: a rare one weighs as much as a common one. One that neither
  /// occurs nor is predicted adds 0.
  double macro_f1() const;

  /// Matthews correlation (Matthews 1975), of any number of labels (Gorodkin 2004); from -1 to 1, 0
  /// for guesses and for one answer to all:
  ///   (c s - Σ t_k p_k) / sqrt((s² - Σ t_k²) (s² - Σ p_k²))
  double matthews() const;

  /// A line for each label and one for each that was predicted:
  ///   gold \ predicted  no  yes
  ///   no                 7    3
  ///   yes                1    9
  std::string table() const;

 private:
  std::size_t place(std::string_view label) const;
  std::size_t gold(std::size_t k) const;       // t_k
  std::size_t predicted(std::size_t k) const;  // p_k
  std::size_t at(std::size_t gold, std::size_t predicted) const;

  std::vector<std::string> labels_;
  std::vector<std::size_t> counts_;  // row by row, gold by predicted
};

}  // namespace data::scores
