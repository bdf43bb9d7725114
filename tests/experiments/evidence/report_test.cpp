#include "experiments/evidence/report.h"

#include <doctest/doctest.h>

#include <cmath>

#include "tests/experiments/fake_findings.h"

namespace report_test {

using namespace experiments::evidence;
using fake::finding, fake::has;

namespace {

Report a_report() {
  Report report{"Title"};
  report.remarks = {"What was asked."};
  report.sections = {{"nli: accuracy in %",
                      {"Over 3 runs.", "A fresh test."},
                      {{"row", "score"}, {"r = 4", "42.0 ±1.0*"}, {"r = 8", "-"}}}};
  report.notes = {"A note."};
  return report;
}

}  // namespace

TEST_CASE("one report, in a terminal and as Markdown") {
  const Report report = a_report();
  CHECK(report_text(report) ==
        "What was asked.\n\nnli: accuracy in %\nOver 3 runs.\nA fresh test.\n\n"
        "row         score\nr = 4  42.0 ±1.0*\nr = 8           -\n\nA note.\n");
  CHECK(report_markdown(report) ==
        "# Title\n\nWhat was asked.\n\n## nli: accuracy in %\n\nOver 3 runs. A fresh test.\n\n"
        "| row | score |\n|---|---:|\n| r = 4 | 42.0 ±1.0\\* |\n| r = 8 | - |\n\nA note.\n");
}

TEST_CASE("what must be known first is said first, wherever the report is read") {
  Report report = a_report();
  report.warning = "These numbers mean nothing.";
  CHECK(report_text(report).starts_with("These numbers mean nothing.\n"));
  CHECK(report_markdown(report).starts_with("# Title\n\n**These numbers mean nothing.**\n"));
  CHECK(report_from_json(report_json(report)).warning == report.warning);
}

TEST_CASE("statements of the experiment alone are judged and printed with it") {
  Report report = a_report();
  report.findings = {finding("F1", 3), finding("(a)", 3), finding("(b)", -3)};
  CHECK_FALSE(has(report_text(report), "Verdicts"));
  report.findings[1].in_summary = report.findings[2].in_summary = false;
  const std::string text = report_text(report), markdown = report_markdown(report);
  CHECK(has(text, "(a)  holds on 1 of 1: what is stated"));
  CHECK(has(text, "(b)  does not hold on 1 of 1: what is stated"));
  CHECK_FALSE(has(text, "F1"));
  CHECK(has(markdown, "| (a) a is larger | nli | holds here |"));
  CHECK(own_findings(report).size() == 2);
}

TEST_CASE("a table that is too wide goes on below, with its first column") {
  const PlainTable table{{"row", "first", "second", "third"}, {"r = 4", "1", "2", "3"}};
  CHECK(console_table(table, 24) ==
        "row    first  second\nr = 4      1       2\n\nrow    third\nr = 4      3\n");
  CHECK(console_table(table, 27) == "row    first  second  third\nr = 4      1       2      3\n");
  CHECK(console_table({}) == "");
}

TEST_CASE("a bar in a cell of a Markdown table does not end it") {
  CHECK(markdown_table({{"p", "largest |dA|"}, {"0", "1"}}) ==
        "| p | largest \\|dA\\| |\n|---|---:|\n| 0 | 1 |\n");
}

TEST_CASE("a report comes back from its JSON as it was") {
  Report report = a_report();
  report.findings = {finding("F1", 3)};
  Contrast& contrast = report.findings[0].parts[0].contrast;
  contrast.note = "beside it";
  contrast.unit = "ratio";
  contrast.over = "width, r";
  contrast.holds_above = false;
  contrast.each[{2, 9}] = 1.0 / 3;
  const Report read = report_from_json(report_json(report));
  CHECK(report_json(read) == report_json(report));
  CHECK(report_markdown(read) == report_markdown(report));
  REQUIRE(read.findings.size() == 1);
  CHECK(read.findings[0].cells == 12);
  CHECK(read.findings[0].parts[0].contrast.each == contrast.each);
  CHECK(read.findings[0].parts[0].contrast.over == "width, r");
  CHECK_FALSE(read.findings[0].parts[0].contrast.holds_above);
}

TEST_CASE("JSON that report_json did not write is refused") {
  Report report = a_report();
  report.findings = {finding("F1", 3)};
  const std::string good = report_json(report);
  const auto refusal = [](const std::string& text) -> std::string {
    try {
      report_from_json(text);
    } catch (const std::invalid_argument& error) {
      return error.what();
    }
    return "accepted";
  };
  const auto with = [&](const std::string& from, const std::string& to) {
    std::string text = good;
    const std::size_t at = text.find(from);
    REQUIRE(at != std::string::npos);
    return refusal(text.replace(at, from.size(), to));
  };
  CHECK(refusal(good) == "accepted");
  for (const char* text : {"null", "{}", "[1]", "[", "{\"a\": 1}"})
    CHECK(refusal(text) != "accepted");
  CHECK(has(with("\"format\": 2", "\"format\": 3"), "this program reads 2"));
  for (const char* cells : {"3000000000", "-1", "1e300", "1.5", "true", "\"12\""})
    CHECK(
        has(with("\"cells\": 12", std::string("\"cells\": ") + cells), "where a count is wanted"));
  for (const char* seed : {"-1", "1.9", "1e300", "null"})
    CHECK(has(with("\"seed\": 1", std::string("\"seed\": ") + seed), "where a count is wanted"));
  CHECK(has(with("\"seed\": 2", "\"seed\": 1"), "the repetition of base seed"));
  CHECK(has(with("\"d\":", "\"d\": \"1\", \"e\":"), "where a number is wanted"));
  CHECK(has(with("\"42.0 ±1.0*\"", "\"1\", \"2\""), "other columns than its head"));
  CHECK(has(with("\"remarks\": [", "\"remarks\": 3, \"x\": ["), "where a list is wanted"));
}

TEST_CASE("a CSV quotes what would end a field, and is read back") {
  Csv csv({"targets", "score", "n"});
  csv.row("q,v", 0.1, 3);
  csv.row("say \"x\"", std::nan(""), -1L);
  const std::string text = csv.text();
  CHECK(text == "targets,score,n\n\"q,v\",0.1,3\n\"say \"\"x\"\"\",,-1\n");
  const auto rows = read_csv(text);
  REQUIRE(rows.size() == 3);
  CHECK(rows[1] == std::vector<std::string>{"q,v", "0.1", "3"});
  CHECK(rows[2] == std::vector<std::string>{"say \"x\"", "", "-1"});
  CHECK(read_csv("a,b\r\n1,\r\n")[1] == std::vector<std::string>{"1", ""});
  CHECK_THROWS_AS(read_csv("a\n\"b"), std::invalid_argument);
  CHECK_THROWS_AS(csv.row("one"), std::logic_error);
  CHECK(Csv().text() == "");
}

}  // namespace report_test
