#pragma once

#include <vector>

#include "data/scores/segments.h"

namespace data::scores {

/// CIDEr (Vedantam et al. 2015) of each segment as coco-caption computes it, which is the paper's
/// CIDEr-D; from 0 to 10. Words are coco_words.
///
///   CIDEr = 10 · mean over references and n = 1..4 of
///             exp(-(l - l')² / (2 σ²)) · Σ_w min(g(w), g'(w)) g'(w) / (‖g‖ ‖g'‖),   σ = 6
///   g(w) = count of w in the text · (log N - log max(1, df(w)))
///
/// g is of the output and g' of the reference, w goes over n-grams, and l is the number of 2-grams
/// of a text: one less than its words. N is the number of segments and df(w) the number of those
/// with w in a reference. So a score depends on the other segments and cannot be compared between
/// sets, and a single segment has 0 (log 1 = 0). A text with fewer than n words adds 0 at n. Throws
/// as require_references.
std::vector<double> cider_of_segments(const std::vector<Segment>& segments);

/// Their mean.
double cider(const std::vector<Segment>& segments);

}  // namespace data::scores
