#include "data/scores/rouge.h"

#include <algorithm>

#include "data/scores/coco_words.h"

namespace data::scores {
namespace {

Words words_or_one_empty(std::string_view text) {
  Words words = coco_words(text);
  if (words.empty()) words.emplace_back();
  return words;
}

}  // namespace

// length[j] is that of the words of a so far and the first j of b: one more than without both where
// the two are equal, and otherwise the better of leaving one of them out.
std::size_t common_subsequence(const Words& a, const Words& b) {
  std::vector<std::size_t> length(b.size() + 1, 0);
  for (const std::string& word : a) {
    std::size_t without_both = 0;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t without_word = length[j];
      length[j] = word == b[j - 1] ? without_both + 1 : std::max(without_word, length[j - 1]);
      without_both = without_word;
    }
  }
  return length[b.size()];
}

double rouge_l(const Segment& segment) {
  if (segment.references.empty()) throw std::invalid_argument("ROUGE-L wants a reference");
  const Words output = words_or_one_empty(segment.output);
  double precision = 0, recall = 0;
  for (const std::string& text : segment.references) {
    const Words reference = words_or_one_empty(text);
    const auto common = static_cast<double>(common_subsequence(output, reference));
    precision = std::max(precision, common / static_cast<double>(output.size()));
    recall = std::max(recall, common / static_cast<double>(reference.size()));
  }
  if (precision == 0) return 0;  // and so is recall
  constexpr double beta_squared = 1.2 * 1.2;
  return (1 + beta_squared) * precision * recall / (recall + beta_squared * precision);
}

double rouge_l(const std::vector<Segment>& segments) {
  require_references(segments);
  double sum = 0;
  for (const Segment& segment : segments) sum += rouge_l(segment);
  return sum / static_cast<double>(segments.size());
}

}  // namespace data::scores
