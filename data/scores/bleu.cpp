#include "data/scores/bleu.h"

#include <algorithm>
#include <cmath>

#include "data/scores/mteval_words.h"
#include "data/scores/ngrams.h"

namespace data::scores {
namespace {

std::size_t distance(std::size_t a, std::size_t b) { return a < b ? b - a : a - b; }

// Of the references with words the length that is closest to `length`, the shorter of two.
std::size_t closest_length(const std::vector<Words>& references, std::size_t length) {
  std::size_t closest = 0;
  for (const Words& words : references) {
    const std::size_t size = words.size();
    if (size == 0) continue;
    const std::size_t now = distance(size, length), before = distance(closest, length);
    if (closest == 0 || now < before || (now == before && size < closest)) closest = size;
  }
  return closest;
}

}  // namespace

BleuCounts bleu_counts(const std::vector<Segment>& segments) {
  require_references(segments);
  BleuCounts counts;
  for (const Segment& segment : segments) {
    const Words output = mteval_words(segment.output);
    std::vector<Words> references;
    for (const std::string& text : segment.references) references.push_back(mteval_words(text));
    counts.reference_length += closest_length(references, output.size());
    for (std::size_t n = 1; n <= counts.hits.size(); ++n) {
      const NgramCounts allowed = largest_counts(references, n);
      for (const auto& [ngram, count] : count_ngrams(output, n)) {
        counts.ngrams[n - 1] += count;
        const auto found = allowed.find(ngram);
        if (found != allowed.end()) counts.hits[n - 1] += std::min(count, found->second);
      }
    }
  }
  return counts;
}

double bleu(const BleuCounts& counts, Smoothing smoothing) {
  const auto output_length = static_cast<double>(counts.ngrams[0]);
  if (output_length == 0) return 0;
  double log_sum = 0, halves = 1;
  for (std::size_t i = 0; i < counts.hits.size(); ++i) {
    auto hits = static_cast<double>(counts.hits[i]), ngrams = static_cast<double>(counts.ngrams[i]);
    if (hits == 0 && smoothing == Smoothing::none) return 0;
    if (ngrams == 0) continue;  // p = 1
    if (smoothing == Smoothing::add_one) {
      hits += 1;
      ngrams += 1;
    }
    if (hits == 0) hits = halves /= 2;
    log_sum += std::log(hits / ngrams);
  }
  const auto reference_length = static_cast<double>(counts.reference_length);
  return std::exp(log_sum / static_cast<double>(counts.hits.size()) +
                  std::min(0.0, 1 - reference_length / output_length));
}

double bleu(const std::vector<Segment>& segments, Smoothing smoothing) {
  return bleu(bleu_counts(segments), smoothing);
}

}  // namespace data::scores
