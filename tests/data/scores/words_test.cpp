#include <doctest/doctest.h>
#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/scores/coco_words.h"
#include "data/scores/mteval_words.h"
#include "data/scores/ngrams.h"

namespace words_test {

using namespace data::scores;

std::string joined(const Words& words) { return fmt::format("{}", fmt::join(words, " ")); }
std::string mteval(std::string_view text) { return joined(mteval_words(text)); }
std::string coco(std::string_view text) { return joined(coco_words(text)); }

TEST_CASE("words of mteval-v13a") {
  CHECK(mteval("The Eagle, near Café É.") == "the eagle , near café É .");
  CHECK(mteval("It's a family-friendly pub: £20-25!") == "it's a family-friendly pub : £20 - 25 !");
  CHECK(mteval("5.0 of 5. and 4,000, .5") == "5.0 of 5 . and 4,000 , . 5");
  CHECK(mteval("a.b,c ...") == "a . b , c . . .");
  CHECK(mteval("(a/b) [c] {d} <e> #1 $2 50%") == "( a / b ) [ c ] { d } < e > # 1 $ 2 50 %");
  CHECK(mteval("AT&amp;T &lt;b&gt; &quot;x&quot;") == "at & t < b > \" x \"");
  CHECK(mteval("a<skipped>b &AMP; <SKIPPED>") == "ab & amp ; < skipped >");
  CHECK(mteval(" a\t b\u00A0c\u3000d \r\n") == "a b c d");
  CHECK(mteval_words("").empty());
  CHECK(mteval_words(" \u2003 ").empty());
}

TEST_CASE("words of coco-caption") {
  CHECK(coco("The Eagle, near Café É.") == "the eagle near café é");
  CHECK(coco("It's a family-friendly pub: £20-25!") == "it 's a family-friendly pub # 20-25");
  CHECK(coco("Don't, can't, won't: we'll, they've, I'm; the boys' o'clock") ==
        "do n't ca n't wo n't we 'll they 've i 'm the boys o'clock");
  CHECK(coco("Aromi 's and the '90s") == "aromi 's and the '90s");
  CHECK(coco("5.0 of 5. and 4,000, -25 10:30am 5pm") == "5.0 of 5 and 4,000 -25 10:30 am 5pm");
  CHECK(coco("(kids) [x] \"good\" ``so'' it — is - ok…") ==
        "-lrb- kids -rrb- -lsb- x -rsb- good so it is ok");
  CHECK(coco("St. John, No. 5, 6 p.m. in the U.S. by J. Smith. No.") ==
        "st. john no. 5 6 p.m. in the u.s. by j. smith no");
  CHECK(coco("I cannot, gonna; AT&T and/or a&b") == "i can not gon na at&t and/or a & b");
  CHECK(coco("centre.It is in the centre., so") == "centre.it is in the centre. so");
  CHECK(coco("What? Yes! What?!") == "what yes what ?!");
  CHECK(coco("it’s “fine”") == "it 's fine");
  CHECK(coco_words("").empty());
  CHECK(coco_words(" . , ' \" - ").empty());
}

TEST_CASE("small letters: ASCII, Latin, Greek and Cyrillic") {
  CHECK(lower_case("AZ [az] ÀÖ×ØÞß ĀŁŃŽŸ ΆΑΩΉΏ АЯЁЏ 東京") ==
        "az [az] àö×øþß āłńžÿ άαωήώ аяёџ 東京");
  CHECK(lower_case_ascii("AZ É") == "az É");
  CHECK(lower_case("\xC3") == "\xC3");  // half a letter
}

// a b a b: the pairs are ab, ba, ab. Of both texts the larger count is ab 2, ba 1, bb 1.
TEST_CASE("n-grams are counted, and the largest count of several texts is taken") {
  const Words first{"a", "b", "a", "b"}, second{"a", "b", "b"};
  CHECK(count_ngrams(first, 1) == NgramCounts{{"a", 2}, {"b", 2}});
  CHECK(count_ngrams(first, 2) == NgramCounts{{"a b", 2}, {"b a", 1}});
  CHECK(count_ngrams(first, 4) == NgramCounts{{"a b a b", 1}});
  CHECK(count_ngrams(first, 5).empty());
  CHECK(count_ngrams({}, 1).empty());
  CHECK(largest_counts(std::vector{first, second}, 2) ==
        NgramCounts{{"a b", 2}, {"b a", 1}, {"b b", 1}});
}

}  // namespace words_test
