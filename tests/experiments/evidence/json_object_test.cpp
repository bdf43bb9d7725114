#include "experiments/evidence/json_object.h"

#include <doctest/doctest.h>

#include <cstdint>
#include <limits>

using namespace experiments::evidence;

TEST_CASE("a JSON object has its members in the order they were set, of any type") {
  JsonObject inner;
  inner.set("a", std::string("\"\n\\"));
  JsonObject object;
  CHECK(object.text() == "{}");
  object.set("z", 0.1);
  object.set("whole", 2.0);
  object.set("none", std::numeric_limits<double>::quiet_NaN());
  object.set("low", -std::numeric_limits<double>::infinity());
  object.set("big", std::numeric_limits<std::uint64_t>::max());
  object.set("yes", true);
  object.set("text", "q");
  object.set("inner", inner);
  object.set("list", {inner, JsonObject()});
  object.set("empty", std::vector<JsonObject>());
  object.set("words", std::vector<std::string>{"<q>", "\"", "caf\xe9"});
  CHECK(object.text() ==
        R"({"z":0.1,"whole":2.0,"none":"nan","low":"-inf","big":18446744073709551615,"yes":true,)"
        R"("text":"q","inner":{"a":"\"\n\\"},"list":[{"a":"\"\n\\"},{}],"empty":[],)"
        "\"words\":[\"<q>\",\"\\\"\",\"caf\xef\xbf\xbd\"]}");
}

TEST_CASE("what JSON cannot say is said in what it can") {
  JsonObject object;
  object.set("nan", -std::numeric_limits<double>::quiet_NaN());
  object.set("high", std::numeric_limits<double>::infinity());
  object.set("path", "caf\xe9/ok");  // Latin-1
  object.set("name \xff", "\xc3\xa9");
  CHECK(object.text() ==
        "{\"nan\":\"nan\",\"high\":\"inf\",\"path\":\"caf\xef\xbf\xbd/ok\","
        "\"name \xef\xbf\xbd\":\"\xc3\xa9\"}");
}

TEST_CASE("a printed object says first in which form it is") {
  JsonObject object;
  CHECK(object.printed() == "{\"format\":1}\n");
  object.set("a", 1);
  CHECK(object.printed() == "{\"format\":1,\"a\":1}\n");
}
