#include "data/scores/logical_form.h"

#include <doctest/doctest.h>

#include <stdexcept>

#include "refused.h"

namespace logical_form_test {

using data::readers::Query;
using data::scores::logical_form_accuracy;
using data::scores::same_logical_form;
using scores_test::refused;

const Query gold{3, 0, {{5, 0, "Butler CC (KS)"}, {1, 1, "3", true}}};

TEST_CASE("conditions are a set, and values text in lower case") {
  CHECK(same_logical_form(gold, gold));
  CHECK(same_logical_form(gold, {3, 0, {{1, 1, "3"}, {5, 0, "butler cc (ks)"}}}));
  CHECK(same_logical_form(gold, {3, 0, {{1, 1, "3"}, {5, 0, "BUTLER CC (KS)"}, {1, 1, "3"}}}));
  CHECK(same_logical_form({0, 0, {{0, 0, "Žižkov É"}}}, {0, 0, {{0, 0, "žižkov é"}}}));
}

TEST_CASE("whatever else differs makes another query") {
  CHECK(!same_logical_form(gold, {2, 0, gold.conditions}));
  CHECK(!same_logical_form(gold, {3, 1, gold.conditions}));
  CHECK(!same_logical_form(gold, {3, 0, {gold.conditions[0]}}));
  CHECK(!same_logical_form(gold, {3, 0, {gold.conditions[0], {1, 1, "3.0", true}}}));
  CHECK(!same_logical_form(gold, {3, 0, {gold.conditions[0], {1, 2, "3"}}}));
  CHECK(!same_logical_form(gold, {3, 0, {gold.conditions[0], {2, 1, "3"}}}));
  CHECK(!same_logical_form(gold, {3, 0, {gold.conditions[1], {5, 0, "butler cc ( ks )"}}}));
}

// Of four one is right, one differs, one is right in another order, and one is no query.
TEST_CASE("accuracy counts what is no query as wrong") {
  const Query turned{3, 0, {gold.conditions[1], gold.conditions[0]}};
  CHECK(logical_form_accuracy({gold, gold, gold, gold}, {gold, Query{}, turned, std::nullopt}) ==
        0.5);
  CHECK(refused<std::invalid_argument>([] {
          logical_form_accuracy({gold, gold}, {gold});
        }) == "2 queries and 1 predictions, where one of each question is wanted");
  CHECK(refused<std::invalid_argument>([] { logical_form_accuracy({}, {}); }) ==
        "0 queries and 0 predictions, where one of each question is wanted");
}

}  // namespace logical_form_test
