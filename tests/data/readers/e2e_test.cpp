#include "tests/data/readers/written.h"

namespace e2e_test {

using namespace data::readers;
using written::counts;
using written::read;
using written::refusal;

TEST_CASE("E2E for the code of the paper") {
  const auto data = read("e2e",
                         "name : The Mill | Type : pub||A pub , The Mill . \n"
                         "name : The Mill | Type : pub||The Mill is a pub .\n"
                         "name : Café | price : £ 20 - 25||Dear . ");
  REQUIRE(data.records.size() == 3);
  CHECK(data.records[0].kind == RecordKind::completion);
  CHECK(data.records[0].prompt == "name : The Mill | Type : pub");
  CHECK(data.records[0].completion == "A pub , The Mill .");
  CHECK(data.records[2].prompt == "name : Café | price : £ 20 - 25");
  CHECK(data.records[2].line == 3);

  const std::vector<References> all = references(data.records);
  REQUIRE(all.size() == 2);
  CHECK(all[0].prompt == data.records[0].prompt);
  CHECK(all[0].texts == std::vector<std::string>{"A pub , The Mill .", "The Mill is a pub ."});
  CHECK(all[1].texts == std::vector<std::string>{"Dear ."});
  CHECK_THROWS_AS(references(read("text", "a").records), std::invalid_argument);
}

TEST_CASE("E2E as it was released asks the same") {
  const std::string prompt =
      "name : The Mill | Type : pub | price : £ 20 - 25 | family friendly : yes | "
      "customer rating : 5 out of 5 | near : Jean-Luc";
  const std::string meaning =
      "name[The Mill], eatType[pub], priceRange[£20-25], familyFriendly[yes], "
      "customer rating[5 out of 5], near[Jean-Luc]";
  CHECK(read("e2e", prompt + "||A .").records.at(0).prompt == prompt);
  CHECK(read("e2e-csv", "mr,ref\r\n\"" + meaning + "\",A.\r\n").records.at(0).prompt == prompt);
  const Record cleaned = read("e2e-csv", "mr,ref,fixed,orig_mr\n\"" + meaning +
                                             "\",\"A, b.\",1,\"name[Other], food[x]\"\n")
                             .records.at(0);
  CHECK(cleaned.prompt == prompt);
  CHECK(cleaned.completion == "A, b.");
  const auto price = [](const std::string& value) {
    return read("e2e-csv", "\"mr\",\"ref\"\npriceRange[" + value + "],A.\n").records.at(0).prompt;
  };
  CHECK(price("less than £20") == "price : less than £ 20");
  CHECK(price("cheap") == "price : cheap");
}

TEST_CASE("E2E without a reference is skipped") {
  CHECK(counts("e2e", "name : a|| \nname : a||b\n\n") ==
        "3 lines, 1 record; skipped: reference is empty 1 (first in line 1), empty line 1 (first "
        "in line 3)");
  CHECK(counts("e2e-csv", "mr,ref\nname[a],b\nname[a],\n") ==
        "3 lines, 1 record; skipped: ref is empty 1 (first in line 3)");
}

TEST_CASE("E2E that is refused") {
  const std::string bars =
      "data.jsonl, line 2: wanted is a line with one \"||\": key : value | "
      "key : value||reference";
  CHECK(refusal("e2e", "name : a||b\nname : a|b\n") == bars);
  CHECK(refusal("e2e", "name : a||b\nname : a||b||c\n") == bars);
  CHECK(refusal("e2e", "mr,ref\n").starts_with("data.jsonl, line 1: wanted is a line with"));
  CHECK(refusal("e2e", "name[a]||b\n") ==
        "data.jsonl, line 1: before \"||\" is \"name[a]\", where key : value | key : value is "
        "wanted");
  CHECK(refusal("e2e", "name : a | b||b\n").starts_with("data.jsonl, line 1: before \"||\" is"));
  CHECK(refusal("e2e", "||b\n").starts_with("data.jsonl, line 1: before \"||\" is \"\""));
  CHECK(refusal("e2e-csv", "MR\n\"name[a]\"\n") ==
        "data.jsonl, line 1: the header has no column mr; it has \"MR\"");
  CHECK(refusal("e2e-csv", "mr\n\"name[a]\"\n") ==
        "data.jsonl, line 1: the header has no column ref; it has \"mr\"");
  CHECK(refusal("e2e-csv", "mr,ref\nname[a], eatType[b],c\n") ==
        "data.jsonl, line 2: it has 3 fields, and the header 2");
  for (const char* meaning : {"name", "name[a", "[a]", "name]a[", "name[a] x[b]", ""})
    CHECK(refusal("e2e-csv", "mr,ref\n" + std::string(meaning) + ",c\n") ==
          "data.jsonl, line 2: mr is \"" + std::string(meaning) +
              "\", where key[value], key[value] is wanted");
}

}  // namespace e2e_test
