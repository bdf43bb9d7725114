#include "data/scores/confusion.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

namespace data::scores {
namespace {

double ratio(std::size_t part, std::size_t whole) {
  return whole == 0 ? 0 : static_cast<double>(part) / static_cast<double>(whole);
}

}  // namespace

Confusion::Confusion(std::vector<std::string> labels)
    : labels_(std::move(labels)), counts_(labels_.size() * labels_.size(), 0) {
  if (labels_.size() < 2)
    throw std::invalid_argument(
        fmt::format("a confusion table wants two labels or more, not {}", labels_.size()));
  for (auto label = labels_.begin(); label != labels_.end(); ++label)
    if (std::find(labels_.begin(), label, *label) != label)
      throw std::invalid_argument(fmt::format("the label '{}' is there twice", *label));
}

std::size_t Confusion::place(std::string_view label) const {
  const auto found = std::find(labels_.begin(), labels_.end(), label);
  if (found == labels_.end())
    throw std::invalid_argument(
        fmt::format("'{}' is no label; there are {}", label, fmt::join(labels_, ", ")));
  return static_cast<std::size_t>(found - labels_.begin());
}

std::size_t Confusion::at(std::size_t gold, std::size_t predicted) const {
  return counts_[gold * labels_.size() + predicted];
}

std::size_t Confusion::gold(std::size_t k) const {
  std::size_t sum = 0;
  for (std::size_t j = 0; j < labels_.size(); ++j) sum += at(k, j);
  return sum;
}

std::size_t Confusion::predicted(std::size_t k) const {
  std::size_t sum = 0;
  for (std::size_t j = 0; j < labels_.size(); ++j) sum += at(j, k);
  return sum;
}

void Confusion::add(std::string_view gold, std::string_view predicted) {
  const std::size_t row = place(gold), column = place(predicted);
  ++counts_[row * labels_.size() + column];
}

std::size_t Confusion::count(std::string_view gold, std::string_view predicted) const {
  return at(place(gold), place(predicted));
}

std::size_t Confusion::total() const {
  std::size_t sum = 0;
  for (const std::size_t count : counts_) sum += count;
  return sum;
}

double Confusion::accuracy() const {
  std::size_t right = 0;
  for (std::size_t k = 0; k < labels_.size(); ++k) right += at(k, k);
  return ratio(right, total());
}

double Confusion::precision(std::string_view label) const {
  const std::size_t k = place(label);
  return ratio(at(k, k), predicted(k));
}

double Confusion::recall(std::string_view label) const {
  const std::size_t k = place(label);
  return ratio(at(k, k), gold(k));
}

double Confusion::f1(std::string_view label) const {
  const std::size_t k = place(label);
  return ratio(2 * at(k, k), gold(k) + predicted(k));
}

double Confusion::macro_f1() const {
  double sum = 0;
  for (const std::string& label : labels_) sum += f1(label);
  return sum / static_cast<double>(labels_.size());
}

double Confusion::matthews() const {
  const auto s = static_cast<double>(total());
  double c = 0, both = 0, gold_squares = 0, predicted_squares = 0;
  for (std::size_t k = 0; k < labels_.size(); ++k) {
    const auto t = static_cast<double>(gold(k)), p = static_cast<double>(predicted(k));
    c += static_cast<double>(at(k, k));
    both += t * p;
    gold_squares += t * t;
    predicted_squares += p * p;
  }
  const double spread = (s * s - gold_squares) * (s * s - predicted_squares);
  return spread == 0 ? 0 : (c * s - both) / std::sqrt(spread);
}

std::string Confusion::table() const {
  const std::string corner = "gold \\ predicted";
  std::size_t first = corner.size();
  for (const std::string& label : labels_) first = std::max(first, label.size());
  std::string text = fmt::format("{:<{}}", corner, first);
  std::vector<std::size_t> widths;
  for (std::size_t k = 0; k < labels_.size(); ++k) {
    std::size_t width = labels_[k].size();
    for (std::size_t j = 0; j < labels_.size(); ++j)
      width = std::max(width, std::to_string(at(j, k)).size());
    widths.push_back(width);
    text += fmt::format("  {:>{}}", labels_[k], width);
  }
  text += '\n';
  for (std::size_t j = 0; j < labels_.size(); ++j) {
    text += fmt::format("{:<{}}", labels_[j], first);
    for (std::size_t k = 0; k < labels_.size(); ++k)
      text += fmt::format("  {:>{}}", at(j, k), widths[k]);
    text += '\n';
  }
  return text;
}

}  // namespace data::scores
