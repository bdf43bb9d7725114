#pragma once

#include <concepts>
#include <string>
#include <vector>

#include "experiments/namespaces.h"

namespace experiments::evidence {

/// A table as a file of comma-separated values, RFC 4180 but for its line ends, which are \n. Equal
/// rows give equal bytes.
class Csv {
 public:
  Csv() = default;
  explicit Csv(std::vector<std::string> head) : head_(std::move(head)) {}

  /// A row, whose values are texts and numbers. Throws std::logic_error unless they are as many as
  /// the head has.
  template <class... Values>
  void row(const Values&... values) {
    add({field(values)...});
  }
  void add(std::vector<std::string> fields);

  bool empty() const { return head_.empty(); }
  const std::vector<std::vector<std::string>>& rows() const { return rows_; }

  std::string text() const;

  /// The shortest text that reads as the same number; nothing for NaN, "inf" and "-inf" for the
  /// infinities.
  static std::string field(double x);
  static std::string field(std::integral auto n) { return std::to_string(n); }
  static std::string field(std::string text) { return text; }

 private:
  std::vector<std::string> head_;
  std::vector<std::vector<std::string>> rows_;
};

/// The rows of such a file, its head the first. Throws std::invalid_argument where a quote is not
/// closed.
std::vector<std::vector<std::string>> read_csv(std::string_view text);

}  // namespace experiments::evidence
