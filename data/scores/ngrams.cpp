#include "data/scores/ngrams.h"

#include <algorithm>

namespace data::scores {

NgramCounts count_ngrams(const Words& words, std::size_t n) {
  NgramCounts counts;
  for (std::size_t begin = 0; begin + n <= words.size(); ++begin) {
    std::string ngram = words[begin];
    for (std::size_t i = 1; i < n; ++i) (ngram += ' ') += words[begin + i];
    ++counts[std::move(ngram)];
  }
  return counts;
}

NgramCounts largest_counts(std::span<const Words> texts, std::size_t n) {
  NgramCounts largest;
  for (const Words& words : texts)
    for (const auto& [ngram, count] : count_ngrams(words, n)) {
      std::size_t& so_far = largest[ngram];
      so_far = std::max(so_far, count);
    }
  return largest;
}

}  // namespace data::scores
