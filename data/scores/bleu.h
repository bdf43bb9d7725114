#pragma once

#include <array>
#include <cstddef>
#include <vector>

#include "data/scores/segments.h"

namespace data::scores {

/// What BLEU of a corpus is computed from; [n-1] is for n-grams.
struct BleuCounts {
  std::array<std::size_t, 4> hits{};    ///< n-grams of the outputs that references have, clipped
  std::array<std::size_t, 4> ngrams{};  ///< n-grams of the outputs
  std::size_t reference_length = 0;     ///< words: for each output the reference closest in length
};

/// Added up over the segments. Words are mteval_words. An n-gram of an output is a hit as often as it
/// stands in that one of the references that has it most often. Of two references as close in
/// length the shorter counts, and one without words never does. Throws as require_references.
BleuCounts bleu_counts(const std::vector<Segment>& segments);

/// What stands for the precision p_n = hits/ngrams of an order:
enum class Smoothing {
  none,     ///< p_n; BLEU is 0 where an order has no hit
  halving,  ///< 1/(2^k ngrams) for the k-th order without a hit; mteval-v13a.pl, sacrebleu's exp
  add_one   ///< (hits + 1)/(ngrams + 1) of all four orders; "sentBLEU" of e2e-metrics
};

/// BLEU (Papineni et al. 2002), from 0 to 1:
///
///   BLEU = BP exp(1/4 Σ_{n=1..4} log p_n),   BP = min(1, exp(1 - r/c))
///
/// with r = reference_length and c = ngrams[0], the number of words of the outputs. mteval-v13a.pl,
/// and so the E2E challenge, smoothes by halving. Where all outputs are too short for an order,
/// smoothing takes its p_n for 1. Where they have no words at all, BLEU is 0.
double bleu(const BleuCounts& counts, Smoothing smoothing = Smoothing::halving);
double bleu(const std::vector<Segment>& segments, Smoothing smoothing = Smoothing::halving);

}  // namespace data::scores
