#include "experiments/harness/run_card.h"

#include <doctest/doctest.h>

#include "experiments/harness/build_info.h"

namespace run_card_test {

using namespace experiments::harness;
using Json = nlohmann::json;

TEST_CASE("the difference of two configurations, field by field") {
  const Json there = {{"steps", {{"nli", 800}, {"sqlgen", 500}}}, {"alpha", 8}, {"grid", {1, 2}}};
  CHECK(configuration_difference(there, there).empty());
  Json now = there;
  now["steps"]["nli"] = 900;
  now["grid"] = {1, 2, 4};
  now.erase("alpha");
  now["scaling"] = "alpha/r";
  CHECK(difference_text(configuration_difference(there, now)) ==
        "  alpha      there 8       now (none)\n"
        "  grid       there [1,2]   now [1,2,4]\n"
        "  scaling    there (none)  now \"alpha/r\"\n"
        "  steps.nli  there 800     now 900\n");
}

TEST_CASE("the hash follows the content, not the order in which it was written") {
  const Json a = Json::parse(R"({"x": 1, "y": 0.1})"), b = Json::parse(R"({"y": 0.1, "x": 1})");
  CHECK(configuration_hash(a) == configuration_hash(b));
  CHECK(configuration_hash(a).size() == 16);
  CHECK(configuration_hash(a) != configuration_hash(Json::parse(R"({"x": 1, "y": 0.2})")));
}

TEST_CASE("an extent grows and never shrinks") {
  const Json there = {{"ranks", {1, 16}}, {"tasks", {"nli"}}};
  const Json now = {{"ranks", {4, 1}}, {"seeds", {0}}};
  CHECK(extent_union(there, now).dump() == R"({"ranks":[1,4,16],"seeds":[0],"tasks":["nli"]})");
}

TEST_CASE("the machine is described by facts of this build") {
  const Json facts = machine_facts(3);
  CHECK(facts["threads"] == 3);
  CHECK(facts["cpu"] != "");
  CHECK(facts["commit"] == build_info().commit);
  CHECK(build_info().commit.find('\n') == std::string::npos);
  CHECK((build_info().commit == "unknown" || build_info().commit.size() >= 40));
  CHECK(build_info().compiler.find_first_of("0123456789") != std::string::npos);
  CHECK(build_info().flags != "");
  CHECK(!facts.contains("started"));
  CHECK(utc_time().size() == std::string("2026-01-31T23:59:59Z").size());
}

}  // namespace run_card_test
