#pragma once

#include <vector>

#include "data/scores/segments.h"

namespace data::scores {

/// NIST (Doddington 2002) as mteval-v13a.pl computes it for the E2E challenge; from 0, and without
/// an upper end. Words are mteval_words.
///
///   NIST = penalty Σ_{n=1..5} (Σ_{hits w1..wn} info(w1..wn)) / (n-grams of the outputs)
///   info(w1..wn) = log2(count(w1..w(n-1)) / count(w1..wn))
///   penalty = exp(-β log²(min(1, L/R))),   β = log 2 / log² 1.5
///
/// Counts are over all references of the corpus, and count of no words is that of all of them. Hits
/// are those of BLEU. L is the number of words of the outputs, and R what it would be if each were
/// as long as the mean of all references: R = segments · words of the references / references. So
/// penalty is 1/2 for outputs of two thirds of R. A reference without words does not count. (Where
/// segments differ in their number of references, others have another R. The Python port of the
/// E2E scorer adds up the mean of each segment. NIST's own script wants as many references for every
/// segment, and divides by that number also where some of them are empty.)
///
/// An order of which no output has an n-gram adds 0, and without words NIST is 0. Throws as
/// require_references, and std::invalid_argument where no reference has a word.
double nist(const std::vector<Segment>& segments);

}  // namespace data::scores
