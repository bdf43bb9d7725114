#include "data/scores/confusion.h"

#include <doctest/doctest.h>

#include <cmath>
#include <stdexcept>

#include "refused.h"

namespace confusion_test {

using data::scores::Confusion;
using doctest::Approx;
using scores_test::refused;

Confusion filled(const std::vector<std::string>& labels,
                 const std::vector<std::vector<int>>& counts) {
  Confusion confusion(labels);
  for (std::size_t gold = 0; gold < labels.size(); ++gold)
    for (std::size_t predicted = 0; predicted < labels.size(); ++predicted)
      for (int i = 0; i < counts[gold][predicted]; ++i)
        confusion.add(labels[gold], labels[predicted]);
  return confusion;
}

// f1(no) = 2·7/(10 + 8) = 7/9, f1(yes) = 2·9/(10 + 12) = 9/11, mean 79/99. Matthews: of two labels
// (TP·TN - FP·FN)/√(10·12·10·8) = (9·7 - 3·1)/√9600.
TEST_CASE("the scores of the page's table") {
  const Confusion confusion = filled({"no", "yes"}, {{7, 3}, {1, 9}});
  CHECK(confusion.total() == 20);
  CHECK(confusion.count("no", "yes") == 3);
  CHECK(confusion.count("yes", "no") == 1);
  CHECK(confusion.accuracy() == Approx(0.8));
  CHECK(confusion.precision("yes") == Approx(9.0 / 12));
  CHECK(confusion.recall("yes") == Approx(9.0 / 10));
  CHECK(confusion.f1("no") == Approx(7.0 / 9));
  CHECK(confusion.f1("yes") == Approx(9.0 / 11));
  CHECK(confusion.macro_f1() == Approx(79.0 / 99));
  CHECK(confusion.matthews() == Approx(60 / std::sqrt(9600.0)));
  CHECK(confusion.table() ==
        "gold \\ predicted  no  yes\n"
        "no                 7    3\n"
        "yes                1    9\n");
}

// 95 of 100 are "common". One answer to all has accuracy 0.95, f1 190/195 and 0, and correlation 0.
TEST_CASE("macro F1 and Matthews notice that a rare label is never found") {
  const Confusion confusion = filled({"common", "rare"}, {{95, 0}, {5, 0}});
  CHECK(confusion.accuracy() == Approx(0.95));
  CHECK(confusion.f1("rare") == 0);
  CHECK(confusion.precision("rare") == 0);  // 0/0
  CHECK(confusion.macro_f1() == Approx(190.0 / 195 / 2));
  CHECK(confusion.matthews() == 0);
}

// c = 6, s = 10, t = (4, 3, 3), p = (4, 4, 2): (60 - (16 + 12 + 6))/√((100 - 34)(100 - 36)).
TEST_CASE("Matthews correlation of three labels") {
  const Confusion confusion = filled({"a", "b", "c"}, {{3, 1, 0}, {0, 2, 1}, {1, 1, 1}});
  CHECK(confusion.matthews() == Approx(26 / std::sqrt(66.0 * 64)));
  CHECK(filled({"a", "b", "c"}, {{2, 0, 0}, {0, 1, 0}, {0, 0, 5}}).matthews() == Approx(1));
  CHECK(filled({"a", "b"}, {{0, 4}, {6, 0}}).matthews() == Approx(-1));
}

TEST_CASE("a label that does not occur adds 0 to macro F1; without examples all is 0") {
  CHECK(filled({"a", "b", "c"}, {{2, 0, 0}, {0, 2, 0}, {0, 0, 0}}).macro_f1() == Approx(2.0 / 3));
  const Confusion none({"a", "b"});
  CHECK(none.accuracy() == 0);
  CHECK(none.macro_f1() == 0);
  CHECK(none.matthews() == 0);
}

TEST_CASE("columns of the table are as wide as what is in them") {
  CHECK(filled({"entailment", "no"}, {{12, 0}, {0, 123}}).table() ==
        "gold \\ predicted  entailment   no\n"
        "entailment                12    0\n"
        "no                         0  123\n");
}

TEST_CASE("labels that are none or no set are refused") {
  Confusion confusion({"no", "yes"});
  CHECK(refused<std::invalid_argument>([&] { confusion.add("no", "maybe"); }) ==
        "'maybe' is no label; there are no, yes");
  CHECK(confusion.total() == 0);
  CHECK(refused<std::invalid_argument>([&] { (void)confusion.f1("x"); }) ==
        "'x' is no label; there are no, yes");
  CHECK(refused<std::invalid_argument>([] { Confusion({"a"}); }) ==
        "a confusion table wants two labels or more, not 1");
  CHECK(refused<std::invalid_argument>([] {
          Confusion({"a", "b", "a"});
        }) == "the label 'a' is there twice");
}

}  // namespace confusion_test
