#include <fmt/format.h>

#include "autograd/random.h"
#include "tests/data/readers/written.h"

namespace wikisql_test {

using namespace data::readers;
using written::read;
using written::refusal;

const std::string tables =
    R"({"id": "1-1", "header": ["Player", "No.", "School/Club Team"], "rows": [["a", "1", "b"]]})"
    "\n"
    R"({"id": "1-2", "header": ["Year"]})";

std::string question(std::string_view id, std::string_view sql) {
  return fmt::format(R"({{"phase": 1, "table_id": "{}", "question": "Who?", "sql": {}}})", id, sql);
}

TEST_CASE("a question with its table becomes a prompt and a query") {
  const auto data =
      read("wikisql",
           question("1-1", R"({"sel": 2, "agg": 3, "conds": [[0, 0, "O'Neal"], [1, 1, 7]]})") +
               "\n" + question("1-2", R"({"sel": 0, "agg": 0, "conds": []})"),
           tables);
  REQUIRE(data.records.size() == 2);
  const Record& first = data.records[0];
  CHECK(first.kind == RecordKind::completion);
  CHECK(first.prompt == "columns: Player, No., School/Club Team\nQ: Who?\nA:");
  CHECK(first.completion ==
        "SELECT COUNT School/Club Team FROM table WHERE Player = 'O''Neal' AND No. > 7");
  CHECK(*first.columns == Columns{"Player", "No.", "School/Club Team"});
  CHECK(*first.query == Query{2, 3, {{0, 0, "O'Neal", false}, {1, 1, "7", true}}});
  CHECK(data.records[1].completion == "SELECT Year FROM table");
  CHECK(data.records[1].line == 2);
}

TEST_CASE("the tables are beside, or where it is said") {
  const std::string line = question("1-2", R"({"sel": 0, "agg": 0, "conds": []})");
  const nn::TemporaryFolder folder;
  nn::write_file_atomically(folder / "dev.jsonl", line);
  const auto completion = [&](const std::filesystem::path& given) {
    return read_all(folder / "dev.jsonl", "wikisql", given).records.at(0).completion;
  };
  CHECK_THROWS_WITH_AS(
      completion({}),
      ((folder / "dev.jsonl").string() +
       ": the file of its tables is not beside it, dev.tables.jsonl or dev.headers.jsonl")
          .c_str(),
      DataError);
  nn::write_file_atomically(folder / "dev.headers.jsonl",
                            R"({"id": "1-2", "header": ["headers"]})");
  CHECK(completion({}) == "SELECT headers FROM table");
  nn::write_file_atomically(folder / "dev.tables.jsonl", R"({"id": "1-2", "header": ["tables"]})");
  CHECK(completion({}) == "SELECT tables FROM table");
  nn::write_file_atomically(folder / "x", R"({"id": "1-2", "header": ["given"]})");
  CHECK(completion(folder / "x") == "SELECT given FROM table");
  CHECK_THROWS_AS(completion(folder / "y"), DataError);
}

// What Python's str gives, which the release's evaluator compares.
TEST_CASE("numbers are written as Python prints them") {
  const auto written_as = [](const std::string& number) {
    const std::string sql = R"({"sel": 0, "agg": 0, "conds": [[0, 2, )" + number + "]]}";
    const Record record = read("wikisql", question("1-2", sql), tables).records.at(0);
    CHECK(parse_sql(record.completion, *record.columns) == record.query);
    return record.query->conditions.at(0).value;
  };
  for (const char* same :
       {"0", "-7", "18446744073709551615", "64379058.0", "150817.6878461314", "0.1", "1e-05",
        "1e+16", "1.2345678901234568e+17", "-0.0", "1000000000000000.0"})
    CHECK(written_as(same) == same);
  CHECK(written_as("1e3") == "1000.0");
  CHECK(written_as("0.00001") == "1e-05");
}

TEST_CASE("WikiSQL that is refused") {
  const auto refused = [](std::string_view sql) {
    const std::string message = refusal("wikisql", question("1-1", sql), tables);
    const std::string_view begin = "data.jsonl, line 1: ";
    return message.starts_with(begin) ? message.substr(begin.size()) : message;
  };
  CHECK(refused(R"({"sel": 0, "agg": 0, "conds": []})") == "accepted");
  CHECK(refused("1") == "there is no object \"sql\"");
  CHECK(refused(R"({"agg": 0, "conds": []})") == "\"sql\" has no \"sel\"");
  CHECK(refused(R"({"sel": 0, "agg": 0})") == "\"sql\" has no list \"conds\"");
  CHECK(refused(R"({"sel": 3, "agg": 0, "conds": []})") ==
        "\"sel\" is 3, where a number from 0 and below 3 is wanted");
  CHECK(refused(R"({"sel": -1, "agg": 0, "conds": []})") ==
        "\"sel\" is -1, where a number from 0 and below 3 is wanted");
  CHECK(refused(R"({"sel": 0, "agg": 6, "conds": []})") ==
        "\"agg\" is 6, where a number from 0 and below 6 is wanted");
  CHECK(refused(R"({"sel": 0, "agg": 0, "conds": [[3, 0, "a"]]})") ==
        "the column of a condition is 3, where a number from 0 and below 3 is wanted");
  CHECK(refused(R"({"sel": 0, "agg": 0, "conds": [[0, 4, "a"]]})") ==
        "the operator of a condition is 4, where a number from 0 and below 4 is wanted");
  for (const char* condition : {"[0,0]", "[0,0,null]", "{\"0\":0}", "[0,0,\"a\",1]", "7"})
    CHECK(refused(std::string(R"({"sel": 0, "agg": 0, "conds": [)") + condition + "]}") ==
          "a condition is " + std::string(condition) +
              ", where [column, operator, value] is wanted");
  const std::string right = question("1-1", R"({"sel": 0, "agg": 0, "conds": []})");
  CHECK(refusal("wikisql", right, R"({"id": "1-2", "header": ["Year"]})") ==
        "data.jsonl, line 1: data.tables.jsonl has no table \"1-1\"");
  CHECK(refusal("wikisql", right, tables + "\n" + tables) ==
        "data.tables.jsonl, line 3: the table \"1-1\" is there twice");
  CHECK(refusal("wikisql", right, R"({"id": "1-1", "header": "Year"})") ==
        "data.tables.jsonl, line 1: there is no list \"header\"");
  CHECK(refusal("wikisql", right, R"({"id": "1-1", "header": [1]})") ==
        "data.tables.jsonl, line 1: a column is 1, where a string is wanted");
  CHECK(refusal("wikisql", right, R"({"id": 1, "header": []})") ==
        "data.tables.jsonl, line 1: \"id\" is 1, where a string is wanted");
  CHECK(refusal("wikisql", "{\"text\": \"a\"}", tables) ==
        "data.jsonl, line 1: there is no \"question\"");
}

TEST_CASE("the text of a query is parsed back, and no other text is") {
  const Columns columns{"Max", "Max speed", "AND x", "it's = 1", "", "speed"};
  autograd::Random random(1, "wikisql_test");
  const auto below = [&](std::size_t n) {
    return static_cast<std::size_t>(random.below(static_cast<std::uint64_t>(n)));
  };
  const std::vector<std::string> values{"",  "'",   "a' AND Max = 'b", "''",        "7",
                                        " ", "é\n", "x WHERE Max = 1", "FROM table"};
  const std::vector<std::string> numbers{"7", "-1.5", "1e+16", "1.5e-05"};
  for (int i = 0; i < 2000; ++i) {
    Query query{.column = below(columns.size()), .aggregate = below(aggregates.size())};
    while (random.chance(0.6)) {
      const bool is_number = random.chance(0.3);
      query.conditions.push_back(
          {.column = below(columns.size()),
           .comparison = below(comparisons.size()),
           .value = is_number ? numbers[below(numbers.size())] : values[below(values.size())],
           .is_number = is_number});
    }
    const std::string text = sql_text(query, columns);
    CAPTURE(text);
    CHECK(parse_sql(text, columns) == query);
    CHECK(parse_sql(" " + text + "\n", columns) == query);
    if (!query.conditions.empty()) CHECK(parse_sql(text + " AND", columns) == std::nullopt);
    CHECK(parse_sql(text.substr(1), columns) == std::nullopt);
  }
  for (const char* wrong :
       {"", "SELECT", "SELECT Max", "SELECT Min FROM table", "SELECT Max FROM tables",
        "select Max FROM table", "SELECT MODE Max FROM table", "SELECT Max FROM table WHERE",
        "SELECT Max FROM table WHERE Min = 1", "SELECT Max FROM table WHERE Max = a",
        "SELECT Max FROM table WHERE Max = 'a", "SELECT Max FROM table WHERE Max = 'a'b",
        "SELECT Max FROM table WHERE Max ! 1", "SELECT Max FROM table WHERE Max = 1.",
        "SELECT Max FROM table WHERE Max = 1e", "SELECT Max FROM table WHERE Max = -",
        "SELECT Max FROM table AND Max = 1", "SELECT Max FROM table WHERE Max = 1 OR Max = 2"}) {
    CAPTURE(wrong);
    CHECK(parse_sql(wrong, columns) == std::nullopt);
  }
  const Columns twice{"a", "a"};  // of equal names the first
  CHECK(parse_sql("SELECT a FROM table", twice) == Query{.column = 0});
  const Columns either{"a", "MAX a", "a = b"};  // of two readings the longer column
  CHECK(parse_sql("SELECT MAX a FROM table", either) == Query{.column = 1});
  CHECK(parse_sql("SELECT a FROM table WHERE a = b = 1", either) ==
        Query{0, 0, {{2, 0, "1", true}}});
}

}  // namespace wikisql_test
