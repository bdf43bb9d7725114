#pragma once

#include <cstddef>
#include <vector>

#include "data/scores/segments.h"
#include "data/scores/text.h"

namespace data::scores {

/// Length of the longest common subsequence: words that both have in the same order, others between.
std::size_t common_subsequence(const Words& a, const Words& b);

/// ROUGE-L (Lin 2004) of one segment as coco-caption computes it, from 0 to 1. Words are coco_words.
///
///   P = max over references of LCS/|output|,   R = max over references of LCS/|reference|
///   F = (1 + β²) P R / (R + β² P),   β = 1.2
///
/// P and R may come from two references. F is 0 where nothing is common. A text without words is one
/// empty word, as there: an empty output has 0, but 1 beside a reference that is empty too. Throws
/// std::invalid_argument without references.
double rouge_l(const Segment& segment);

/// The mean over the segments. Throws as require_references.
double rouge_l(const std::vector<Segment>& segments);

}  // namespace data::scores
