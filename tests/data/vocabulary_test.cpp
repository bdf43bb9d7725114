#include "data/vocabulary.h"

#include <doctest/doctest.h>

#include <set>
#include <stdexcept>

namespace vocabulary_test {

using data::Vocabulary;
using data::vocabulary;
namespace word = data::word;

TEST_CASE("the vocabulary has 177 different words and every id comes back") {
  const Vocabulary& v = vocabulary();
  CHECK(v.size() == 177);
  std::set<std::string> words;
  std::vector<int> ids;
  for (int id = 0; id < v.size(); ++id) {
    words.insert(v.word(id));
    ids.push_back(id);
    CHECK(v.id(v.word(id)) == id);
  }
  CHECK(words.size() == 177);
  CHECK(v.parse(v.text(ids)) == ids);
  CHECK(v.parse("  <mr>\tv13  v0 \n") == std::vector{word::mr, word::values[13], word::values[0]});
  CHECK(v.parse("").empty());
}

TEST_CASE("the ids that code uses are those of the words they are called after") {
  const Vocabulary& v = vocabulary();
  const auto is = [&](int id, const char* text) { return v.word(id) == text; };
  CHECK(is(word::pad, "<pad>"));
  CHECK(is(word::sch, "<sch>"));
  CHECK(is(word::q, "<q>"));
  CHECK(is(word::sql, "<sql>"));
  CHECK(is(word::eos, "<eos>"));
  CHECK(is(word::prem, "<prem>"));
  CHECK(is(word::hyp, "<hyp>"));
  CHECK(is(word::ans, "<ans>"));
  CHECK(is(word::prem_r, "<premR>"));
  CHECK(is(word::prem_c, "<premC>"));
  CHECK(is(word::isa, "<isa>"));
  CHECK(is(word::mr, "<mr>"));
  CHECK(is(word::txt, "<txt>"));
  CHECK(is(word::where, "where"));
  CHECK(is(word::WHERE, "WHERE"));
  const auto spans = [&](data::Family f, const char* first, const char* last) {
    return is(f.first, first) && is(f.end() - 1, last);
  };
  CHECK(spans(word::aggregates, "max", "count"));
  CHECK(spans(word::aggregate_symbols, "MAX", "COUNT"));
  CHECK(spans(word::comparisons, "is", "atmost"));
  CHECK(spans(word::comparison_symbols, "=", "<="));
  CHECK(spans(word::quantifiers, "all", "notall"));
  CHECK(spans(word::spare_relations, "rel0", "rel4"));
  CHECK(spans(word::labels, "yes", "no_"));
  CHECK(spans(word::spare_keys, "k0", "k5"));
  CHECK(spans(word::columns, "c0", "c23"));
  CHECK(spans(word::values, "v0", "v23"));
  CHECK(spans(word::aliases, "a0", "a31"));
  CHECK(spans(word::noun_groups, "g0", "g5"));
  CHECK(spans(word::nouns, "n0", "n23"));
  CHECK(spans(word::verb_groups, "W0", "W3"));
  CHECK(spans(word::verbs, "w0", "w7"));
}

TEST_CASE("an unknown word or id is named") {
  CHECK_THROWS_WITH_AS(vocabulary().id("c24"), doctest::Contains("unknown word 'c24'"),
                       std::invalid_argument);
  CHECK_THROWS_WITH(vocabulary().id("c24"), doctest::Contains("c0-c23"));
  CHECK_THROWS_WITH_AS(vocabulary().parse("<mr> v1 nonsense"), doctest::Contains("'nonsense'"),
                       std::invalid_argument);
  CHECK_THROWS_WITH_AS(vocabulary().word(177), "no word has the id 177; ids are 0 to 176",
                       std::invalid_argument);
  CHECK_THROWS_AS(vocabulary().word(-1), std::invalid_argument);
  CHECK_THROWS_AS(vocabulary().text(std::vector{0, 200}), std::invalid_argument);
  CHECK_THROWS_WITH_AS(Vocabulary({"a", "b", "a"}), doctest::Contains("'a' occurs twice"),
                       std::invalid_argument);
  CHECK_THROWS_AS(Vocabulary({"a b"}), std::invalid_argument);
  CHECK_THROWS_AS(Vocabulary({""}), std::invalid_argument);
}

}  // namespace vocabulary_test
