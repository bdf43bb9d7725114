#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "data/scores/bleu.h"
#include "data/scores/nist.h"
#include "refused.h"

namespace bleu_nist_test {

using namespace data::scores;
using doctest::Approx;
using scores_test::refused;

// The example of docs/scores.md.
const std::vector<Segment> pub{
    {"the pub is near the river", {"the pub is by the river", "near the river is a pub"}}};

BleuCounts counts_of(const std::string& output, const std::vector<std::string>& references) {
  return bleu_counts({{output, references}});
}

// 1-grams: all 6, since the first reference has "the" twice. 2-grams: all of 5 but "is near".
// 3-grams: "the pub is" and "near the river" of 4. 4-grams: none of 3. r = c = 6.
TEST_CASE("BLEU of the page's example") {
  const BleuCounts counts = bleu_counts(pub);
  CHECK(counts.hits == std::array<std::size_t, 4>{6, 4, 2, 0});
  CHECK(counts.ngrams == std::array<std::size_t, 4>{6, 5, 4, 3});
  CHECK(counts.reference_length == 6);
  CHECK(bleu(pub) == Approx(std::pow(1.0 * 4 / 5 * 2 / 4 * 1 / (2 * 3), 0.25)));  // (1/15)^(1/4)
  CHECK(bleu(pub) == Approx(0.508133).epsilon(1e-6));
  CHECK(bleu(pub, Smoothing::none) == 0);
  CHECK(bleu(pub, Smoothing::add_one) ==
        Approx(std::pow(7.0 / 7 * 5 / 6 * 3 / 5 * 1 / 4, 0.25)));  // (1/8)^(1/4)
  CHECK(bleu(pub, Smoothing::add_one) == Approx(0.594604).epsilon(1e-6));
}

// Papineni et al. 2002, section 2.1: "the" stands twice in the first reference, so 2 of 7 are hits.
TEST_CASE("hits are clipped by the reference that has most, not by their sum") {
  const BleuCounts counts = counts_of("the the the the the the the",
                                      {"The cat is on the mat.", "There is a cat on the mat."});
  CHECK(counts.hits[0] == 2);
  CHECK(counts.ngrams[0] == 7);
}

TEST_CASE("the length of the reference that is closest counts, of two the shorter") {
  const auto length = [](const std::string& output, const std::vector<std::string>& references) {
    return counts_of(output, references).reference_length;
  };
  CHECK(length("a a a a", {"a a", "a a a a a", "a"}) == 5);  // not the shortest
  CHECK(length("a a a a", {"a a a a a", "a a a"}) == 3);     // both are 1 away
  CHECK(length("a a a a", {"a a a", "a a a a a"}) == 3);     // in either order
  CHECK(length("a", {"a a a", ""}) == 3);                    // one without words never counts
  CHECK(length("", {"a a a", "a a"}) == 2);                  // an empty output
  CHECK(bleu_counts({{"a", {"a a"}}, {"a a", {"a"}}}).reference_length == 3);  // 2 + 1
}

// c = 4 and r = 6: BP = exp(1 - 6/4). All n-grams hit. For c > r there is no penalty.
TEST_CASE("a short output is penalised, a long one is not") {
  CHECK(bleu({{"a b c d", {"a b c d e f"}}}) == Approx(std::exp(-0.5)));
  CHECK(bleu({{"a b c d", {"a b c d"}}}) == Approx(1));
  CHECK(bleu({{"a b c d e", {"a b c d"}}}) ==
        Approx(std::pow(4.0 / 5 * 3 / 4 * 2 / 3 * 1 / 2, 0.25)));
}

TEST_CASE("the k-th order without a hit has 1/(2^k n-grams)") {
  // Hits are 4 of 4, 0 of 3, 0 of 2, 0 of 1.
  CHECK(bleu({{"d c b a", {"a b c d"}}}) == Approx(std::pow(1.0 / 6 * 1 / 8 * 1 / 8, 0.25)));
  CHECK(bleu({{"x y z w", {"a b c d"}}}) ==
        Approx(std::pow(1.0 / 8 * 1 / 12 * 1 / 16 * 1 / 16, 0.25)));
  CHECK(bleu({{"x y z w", {"a b c d"}}}, Smoothing::none) == 0);
}

TEST_CASE("outputs that are too short for an order, or empty") {
  CHECK(bleu({{"a b", {"a b"}}}) == Approx(1));  // orders 3 and 4 count as 1
  CHECK(bleu({{"a b", {"a b"}}}, Smoothing::add_one) == Approx(1));
  CHECK(bleu({{"a b", {"a b"}}}, Smoothing::none) == 0);
  CHECK(bleu({{"a b", {"a b c"}}}) == Approx(std::exp(1 - 3.0 / 2)));
  for (const Smoothing smoothing : {Smoothing::halving, Smoothing::none, Smoothing::add_one})
    CHECK(bleu({{"", {"a b"}}}, smoothing) == 0);
  // An empty output beside another only makes the outputs shorter: c = 4, r = 4 + 2.
  CHECK(bleu({{"a b c d", {"a b c d"}}, {"", {"x y"}}}) == Approx(std::exp(1 - 6.0 / 4)));
}

// Of 12 words "the" is 3, pub, is and river are 2, near, by and a are 1. With a = log2 3:
// 1-grams: the twice log2(12/3) = 2; pub, is, river log2(12/2) = 1 + a; near log2 12 = 2 + a: in all
// 4 + 3 + 3a + 2 + a = 9 + 4a, by 6. 2-grams: "the pub" log2(3/1) = a, "pub is" log2(2/1) = 1, "near
// the" log2(1/1) = 0, "the river" log2(3/2) = a - 1: in all 2a, by 5. The two 3-grams say nothing new.
// The output has 6 words, and R = 12/2 = 6: no penalty.
TEST_CASE("NIST of the page's example") {
  const double a = std::log2(3.0);
  CHECK(nist(pub) == Approx((9 + 4 * a) / 6 + 2 * a / 5));
  CHECK(nist(pub) == Approx(3.190627).epsilon(1e-6));
}

// Of 9 words a and b are 4 each: log2(9/4) = 2 log2 1.5. "b" always follows "a", so "a b" says nothing
// more. Three references have 9 words, so R is 2 · 9/3 = 6. Outputs of 4 words are two thirds of it,
// and half of the score is left. (The Python port takes R = 2 + 5, and 4/7 is another penalty.)
TEST_CASE("NIST's length is the mean of all references, times the segments") {
  const std::vector<std::string> two{"a b", "a b"}, one{"a b c a b"}, three{"a b", "", "a b"};
  CHECK(nist({{"a b", two}, {"a b", one}}) == Approx(std::log2(1.5)));
  CHECK(nist({{"a b", three}, {"a b", one}}) == Approx(std::log2(1.5)));        // one without words
  CHECK(nist({{"a b", two}, {"a b a b", one}}) == Approx(2 * std::log2(1.5)));  // 6 words
  CHECK(nist({{"a b", two}, {"a b a b a", one}}) > nist({{"a b", two}, {"a b", one}}));
  const double beta = std::log(2.0) / (std::log(1.5) * std::log(1.5));
  CHECK(nist({{"a b", two}, {"a", one}}) ==
        Approx(2 * std::log2(1.5) * std::exp(-beta * std::log(0.5) * std::log(0.5))));
}

TEST_CASE("NIST without hits, words or references") {
  CHECK(nist({{"x y", {"a b"}}}) == 0);
  CHECK(nist({{"", {"a b"}}}) == 0);
  CHECK(nist({{"a", {"a b"}}}) > 0);
  CHECK(refused<std::invalid_argument>([] {
          nist({{"a", {" "}}});
        }) == "NIST: no reference has a word");
}

TEST_CASE("a segment without references is refused, and so is a corpus without segments") {
  for (const auto& score :
       {+[](const std::vector<Segment>& segments) { return bleu(segments); }, nist}) {
    CHECK(refused<std::invalid_argument>([&] {
            score({{"a", {"a"}}, {"a", {}}});
          }) == "segment 2 of 2 has no reference");
    CHECK(refused<std::invalid_argument>([&] { score({}); }) ==
          "a score wants at least one segment");
  }
}

}  // namespace bleu_nist_test
