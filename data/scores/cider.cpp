#include "data/scores/cider.h"

#include <algorithm>
#include <array>
#include <cmath>
#include <numeric>
#include <set>

#include "data/scores/coco_words.h"
#include "data/scores/ngrams.h"

namespace data::scores {
namespace {

constexpr std::size_t cider_orders = 4;
constexpr double sigma = 6;

// Of a text, for each order.
using TextCounts = std::array<NgramCounts, cider_orders>;

TextCounts counts_of(std::string_view text) {
  const Words words = coco_words(text);
  TextCounts counts;
  for (std::size_t n = 1; n <= cider_orders; ++n) counts[n - 1] = count_ngrams(words, n);
  return counts;
}

// The number of segments that have an n-gram in a reference.
NgramCounts document_frequencies(const std::vector<std::vector<TextCounts>>& references) {
  NgramCounts frequencies;
  for (const std::vector<TextCounts>& of_segment : references) {
    std::set<std::string> seen;
    for (const TextCounts& counts : of_segment)
      for (const NgramCounts& of_order : counts)
        for (const auto& [ngram, count] : of_order) seen.insert(ngram);
    for (const std::string& ngram : seen) ++frequencies[ngram];
  }
  return frequencies;
}

// g of a text, for each order, with its norms and the number of its 2-grams.
struct Weights {
  std::array<std::map<std::string, double>, cider_orders> g;
  std::array<double, cider_orders> norm{};
  double length = 0;
};

Weights weights_of(const TextCounts& counts, const NgramCounts& frequencies, std::size_t segments) {
  Weights weights;
  for (std::size_t i = 0; i < cider_orders; ++i) {
    double squares = 0;
    for (const auto& [ngram, count] : counts[i]) {
      const auto found = frequencies.find(ngram);
      const std::size_t df = found == frequencies.end() ? 1 : found->second;
      const double g = static_cast<double>(count) * (std::log(static_cast<double>(segments)) -
                                                     std::log(static_cast<double>(df)));
      weights.g[i][ngram] = g;
      squares += g * g;
      if (i == 1) weights.length += static_cast<double>(count);
    }
    weights.norm[i] = std::sqrt(squares);
  }
  return weights;
}

// The mean over the orders.
double similarity(const Weights& output, const Weights& reference) {
  double sum = 0;
  for (std::size_t i = 0; i < cider_orders; ++i) {
    const double norms = output.norm[i] * reference.norm[i];
    if (norms == 0) continue;
    double product = 0;
    for (const auto& [ngram, g] : output.g[i]) {
      const auto found = reference.g[i].find(ngram);
      if (found != reference.g[i].end()) product += std::min(g, found->second) * found->second;
    }
    sum += product / norms;
  }
  const double apart = output.length - reference.length;
  return std::exp(-apart * apart / (2 * sigma * sigma)) * sum / static_cast<double>(cider_orders);
}

}  // namespace

std::vector<double> cider_of_segments(const std::vector<Segment>& segments) {
  require_references(segments);
  std::vector<std::vector<TextCounts>> references;
  for (const Segment& segment : segments) {
    std::vector<TextCounts>& of_segment = references.emplace_back();
    for (const std::string& text : segment.references) of_segment.push_back(counts_of(text));
  }
  const NgramCounts frequencies = document_frequencies(references);
  std::vector<double> scores;
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const Weights output = weights_of(counts_of(segments[i].output), frequencies, segments.size());
    double sum = 0;
    for (const TextCounts& counts : references[i])
      sum += similarity(output, weights_of(counts, frequencies, segments.size()));
    scores.push_back(10 * sum / static_cast<double>(references[i].size()));
  }
  return scores;
}

double cider(const std::vector<Segment>& segments) {
  const std::vector<double> scores = cider_of_segments(segments);
  return std::accumulate(scores.begin(), scores.end(), 0.0) / static_cast<double>(scores.size());
}

}  // namespace data::scores
