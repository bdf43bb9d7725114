#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "data/scores/cider.h"
#include "data/scores/rouge.h"
#include "refused.h"

namespace rouge_cider_test {

using namespace data::scores;
using doctest::Approx;
using scores_test::refused;

TEST_CASE("the longest common subsequence may leave words out on both sides") {
  const auto common = [](const std::string& a, const std::string& b) {
    const std::size_t length = common_subsequence(split(a), split(b));
    CHECK(length == common_subsequence(split(b), split(a)));
    return length;
  };
  CHECK(common("a b c d", "a x c d y") == 3);
  CHECK(common("a b c", "c b a") == 1);
  CHECK(common("a a b", "a b b") == 2);
  CHECK(common("a b", "c") == 0);
  CHECK(common("", "a") == 0);
}

// Of the first reference 5 words are common ("by" is not "near"), of the second "near the river", of
// the third its 2. P = max(5/6, 3/6, 2/6) and R = max(5/6, 3/6, 2/2) are of different references:
// F = 2.44 · 5/6 · 1 / (1 + 1.44 · 5/6).
TEST_CASE("ROUGE-L of the page's example") {
  Segment pub{"The pub is near the river.",
              {"The pub is by the river.", "Near the river is a pub."}};
  CHECK(rouge_l(pub) == Approx(5.0 / 6));
  pub.references.push_back("the river");
  CHECK(rouge_l(pub) == Approx(2.44 * 5 / 6 / (1 + 1.44 * 5 / 6)));
  CHECK(rouge_l(pub) == Approx(0.924242).epsilon(1e-6));
  CHECK(rouge_l(std::vector{pub, Segment{"a", {"b"}}}) == Approx(0.924242 / 2).epsilon(1e-6));
}

TEST_CASE("ROUGE-L of texts with nothing in common, or without words") {
  CHECK(rouge_l(Segment{"a b", {"c d"}}) == 0);
  CHECK(rouge_l(Segment{"", {"a"}}) == 0);
  CHECK(rouge_l(Segment{"a", {"."}}) == 0);
  CHECK(rouge_l(Segment{"", {"."}}) == 1);  // as coco-caption: both are one empty word
  CHECK(rouge_l(Segment{"a", {"a"}}) == 1);
  CHECK(refused<std::invalid_argument>([] {
          rouge_l(Segment{"a", {}});
        }) == "ROUGE-L wants a reference");
  CHECK(refused<std::invalid_argument>([] {
          rouge_l(std::vector<Segment>{{"a", {}}});
        }) == "segment 1 of 1 has no reference");
}

// N = 2. "a" is in both sets of references, so its weight is log 2 - log 2 = 0; all else has log 2.
// Segment 1 is a copy: 1 for 1-grams and for 2-grams, 0 for longer ones, of which there are none:
// 10 · 2/4. Segment 2 has no n-gram of weight in common.
TEST_CASE("CIDEr of the page's example") {
  const std::vector<Segment> pubs{{"a pub", {"a pub"}}, {"a pub", {"a cafe"}}};
  const std::vector<double> scores = cider_of_segments(pubs);
  CHECK(scores[0] == Approx(5));
  CHECK(scores[1] == 0);
  CHECK(cider(pubs) == Approx(2.5));
}

// "a pub pub" for "a pub": of 1-grams the output has 2 log 2 of "pub", clipped to log 2, and the
// norms are 2 log 2 and log 2: 1/2. Of 2-grams "a pub" is common, and the output has "pub pub" too,
// which no reference has and which weighs log 2 - log 1: 1/√2. The output has one 2-gram more.
TEST_CASE("CIDEr clips what is repeated and penalises another length") {
  const std::vector<Segment> pubs{{"a pub pub", {"a pub"}}, {"a cafe", {"a cafe"}}};
  CHECK(cider_of_segments(pubs)[0] ==
        Approx(10 * std::exp(-1.0 / 72) * (1.0 / 2 + 1 / std::sqrt(2.0)) / 4));
}

TEST_CASE("CIDEr is the mean over references, and depends on the other segments") {
  const Segment cafe{"a cafe", {"a cafe"}};
  CHECK(cider_of_segments({{"a pub", {"a pub", "x"}}, cafe})[0] == Approx(2.5));
  CHECK(cider({{"a pub", {"a pub"}}}) == 0);                        // one segment: log 1 = 0
  CHECK(cider({{"a pub", {"a pub"}}, {"a pub", {"a pub"}}}) == 0);  // what all say weighs nothing
  CHECK(cider_of_segments({{"", {"a pub"}}, cafe})[0] == 0);
  CHECK(cider_of_segments({{"a pub", {"."}}, cafe})[0] == 0);
  CHECK(refused<std::invalid_argument>([] {
          cider({{"a", {}}});
        }) == "segment 1 of 1 has no reference");
}

}  // namespace rouge_cider_test
