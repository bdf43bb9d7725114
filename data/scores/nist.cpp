#include "data/scores/nist.h"

#include <algorithm>
#include <array>
#include <cmath>

#include "data/scores/mteval_words.h"
#include "data/scores/ngrams.h"

namespace data::scores {
namespace {

constexpr std::size_t nist_orders = 5;

// Counts over all references of the corpus; [0] is of no words, under the name "".
using ReferenceCounts = std::array<NgramCounts, nist_orders + 1>;

void add_reference(ReferenceCounts& counts, const Words& words) {
  counts[0][""] += words.size();
  for (std::size_t n = 1; n <= nist_orders; ++n)
    for (const auto& [ngram, count] : count_ngrams(words, n)) counts[n][ngram] += count;
}

// In bits: what the last word of an n-gram says to those who know the words before it.
double information(const ReferenceCounts& counts, const std::string& ngram, std::size_t n) {
  const std::string before = n == 1 ? "" : ngram.substr(0, ngram.rfind(' '));
  return std::log2(static_cast<double>(counts[n - 1].at(before)) /
                   static_cast<double>(counts[n].at(ngram)));
}

double length_penalty(double ratio) {
  if (ratio >= 1) return 1;
  if (ratio <= 0) return 0;
  const double beta = std::log(2.0) / std::pow(std::log(1.5), 2);
  return std::exp(-beta * std::pow(std::log(ratio), 2));
}

}  // namespace

double nist(const std::vector<Segment>& segments) {
  require_references(segments);
  ReferenceCounts counts;
  std::vector<std::vector<Words>> references;
  std::size_t with_words = 0;
  for (const Segment& segment : segments) {
    std::vector<Words>& of_segment = references.emplace_back();
    for (const std::string& text : segment.references) {
      of_segment.push_back(mteval_words(text));
      add_reference(counts, of_segment.back());
      if (!of_segment.back().empty()) ++with_words;
    }
  }
  if (with_words == 0) throw std::invalid_argument("NIST: no reference has a word");

  std::array<double, nist_orders + 1> hit_information{}, ngrams{};
  for (std::size_t i = 0; i < segments.size(); ++i) {
    const Words output = mteval_words(segments[i].output);
    for (std::size_t n = 1; n <= nist_orders; ++n) {
      const NgramCounts allowed = largest_counts(references[i], n);
      for (const auto& [ngram, count] : count_ngrams(output, n)) {
        ngrams[n] += static_cast<double>(count);
        const auto found = allowed.find(ngram);
        if (found != allowed.end())
          hit_information[n] +=
              static_cast<double>(std::min(count, found->second)) * information(counts, ngram, n);
      }
    }
  }
  double sum = 0;
  for (std::size_t n = 1; n <= nist_orders; ++n)
    sum += hit_information[n] / std::max(ngrams[n], 1.0);
  const double mean_length = static_cast<double>(counts[0][""]) / static_cast<double>(with_words);
  const double reference_length = mean_length * static_cast<double>(segments.size());
  return sum * length_penalty(ngrams[1] / reference_length);
}

}  // namespace data::scores
