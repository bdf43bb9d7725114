#pragma once

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <string>
#include <string_view>
#include <vector>

namespace nn {

/// Collects the items of a list for a message and says how many there are beyond the first eight.
class ShortList {
 public:
  void add(std::string item) {
    if (++count_ <= longest) items_.push_back(std::move(item));
  }
  /// Appends "title: a, b, ... and 3 more" to the parts of a message unless there is nothing to
  /// say.
  void append_to(std::vector<std::string>& parts, std::string_view title) const {
    if (count_ == 0) return;
    std::string text = fmt::format("{}: {}", title, fmt::join(items_, ", "));
    if (count_ > longest) text += fmt::format(" and {} more", count_ - longest);
    parts.push_back(std::move(text));
  }

 private:
  static constexpr std::size_t longest = 8;
  std::vector<std::string> items_;
  std::size_t count_ = 0;
};

}  // namespace nn
