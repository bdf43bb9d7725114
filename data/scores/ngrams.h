#pragma once

#include <cstddef>
#include <map>
#include <span>
#include <string>

#include "data/scores/text.h"

namespace data::scores {

/// How often each n-gram occurs: n words that follow each other, joined by spaces. The order of a map
/// is that of its keys, so that sums over it are the same everywhere.
using NgramCounts = std::map<std::string, std::size_t>;

/// Those of n words, with n >= 1; none where there are fewer words.
NgramCounts count_ngrams(const Words& words, std::size_t n);

/// Of every n-gram its largest count in any one of the texts.
NgramCounts largest_counts(std::span<const Words> texts, std::size_t n);

}  // namespace data::scores
