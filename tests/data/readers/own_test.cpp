#include "tests/data/readers/written.h"

// Files of one's own: jsonl, csv and tsv.
namespace own_test {

using namespace data::readers;
using written::counts;
using written::read;
using written::refusal;

TEST_CASE("JSON lines of each kind") {
  const auto first = [](std::string_view line) { return read("jsonl", line).records.at(0); };
  const Record completion = first(R"({"completion": " yes", "prompt": "Is it?", "id": 3})");
  CHECK(completion.kind == RecordKind::completion);
  CHECK(completion.prompt == "Is it?");
  CHECK(completion.completion == " yes");
  CHECK(completion.line == 1);
  const Record text = first(R"({"text": "a\nb \u00e9"})");
  CHECK(text.kind == RecordKind::text);
  CHECK(text.text == "a\nb é");
  CHECK(!text.continues);
  const Record labelled = first(R"({"text": "a", "label": "1"})");
  CHECK(labelled.kind == RecordKind::labelled_text);
  CHECK(labelled.text == "a");
  CHECK(labelled.label == "1");
  const Record pair = first(R"({"text_a": "a", "text_b": "b", "label": "x"})");
  CHECK(pair.kind == RecordKind::labelled_pair);
  CHECK(pair.text == "a");
  CHECK(pair.second_text == "b");
  CHECK(pair.label == "x");
}

TEST_CASE("the same records from JSON lines, CSV and tabs") {
  const auto json = read("jsonl",
                         "{\"text_a\": \"a\", \"text_b\": \"b\", \"label\": \"x\"}\n"
                         "{\"text_a\": \"c\", \"text_b\": \"d\", \"label\": \"y\"}\n");
  const auto csv = read("csv", "label,n,text_b,text_a\r\nx,1,b,a\r\ny,2,d,c\r\n");
  const auto tabs = read("tsv", "text_a\ttext_b\tlabel\na\tb\tx\nc\td\ty");
  for (const DataSet& data : {json, csv, tabs}) {
    REQUIRE(data.records.size() == 2);
    for (std::size_t i = 0; i < 2; ++i) {
      CHECK(data.records[i].kind == RecordKind::labelled_pair);
      CHECK(data.records[i].text == json.records[i].text);
      CHECK(data.records[i].second_text == json.records[i].second_text);
      CHECK(data.records[i].label == json.records[i].label);
      CHECK(data.records[i].line == i + data.counts.lines - 1);  // behind a header, if any
    }
  }
}

TEST_CASE("fields of CSV") {
  const auto text = [](std::string_view field) {
    return read("csv", "text,n\n" + std::string(field) + ",1\n").records.at(0).text;
  };
  CHECK(text("a b ") == "a b ");
  CHECK(text("'a'") == "'a'");
  CHECK(text("\"a\"") == "a");
  CHECK(text("\"a, b\"") == "a, b");
  CHECK(text("\"a \"\"b\"\"\"") == "a \"b\"");
  CHECK(text("\"\"\"\"") == "\"");
  CHECK(text("\"a\nb\"") == "a\nb");
  CHECK(text("\"a\r\n\r\nb\"") == "a\n\nb");
  CHECK(text("\"a\"\"\nb\n\"") == "a\"\nb\n");
  CHECK(read("csv", "\"text\"\n\"a\"").records.at(0).text == "a");
  CHECK(read("csv", "\xEF\xBB\xBFtext\na").records.at(0).text == "a");
  const auto rows = read("csv", "n,text\n1,\"a\nb\"\n2,c\n").records;
  CHECK(rows.at(0).line == 2);
  CHECK(rows.at(1).line == 4);
  CHECK(counts("csv", "n,text\n1,\"a\n\nb\"\n\n2,c\n") ==
        "6 lines, 2 records; skipped: empty line 1 (first in line 5)");
}

TEST_CASE("between tabs nothing is quoted") {
  const auto data = read("tsv", "text\tlabel\n\"a\tx\n a \"\" b\ty\n");
  CHECK(data.records.at(0).text == "\"a");
  CHECK(data.records.at(1).text == " a \"\" b");
}

TEST_CASE("what is empty is skipped and counted") {
  CHECK(counts("jsonl", "\n{\"text\": \" \"}\n{\"text\": \"a\"}\n \n{\"text\": \"\"}\n") ==
        "5 lines, 1 record; skipped: empty line 2 (first in line 1), text is empty 2 (first in "
        "line 2)");
  CHECK(counts("jsonl",
               "{\"prompt\": \"a\", \"completion\": \"\"}\n"
               "{\"prompt\": \"\", \"completion\": \"a\"}\n"
               "{\"prompt\": \"a\", \"completion\": \"a\"}\n") ==
        "3 lines, 1 record; skipped: completion is empty 1 (first in line 1), prompt is empty 1 "
        "(first in line 2)");
  CHECK(counts("tsv", "text\tlabel\na\t\nb\tx\n\nc\t\n") ==
        "5 lines, 1 record; skipped: label is empty 2 (first in line 2), empty line 1 (first in "
        "line 4)");
  CHECK(counts("csv", "text_a,text_b,label\na,,x\na,b,x\n") ==
        "3 lines, 1 record; skipped: text_b is empty 1 (first in line 2)");
  CHECK(refusal("csv", "text,label\na,\n") ==
        "data.jsonl: no record in 2 lines, 0 records; skipped: label is empty 1 (first in line 2)");
  CHECK(refusal("csv", "text,label\n") == "data.jsonl: no record in 1 line, 0 records");
}

constexpr const char* wanted =
    "; wanted are prompt and completion, or text and label, or text_a, text_b and label, or text";

TEST_CASE("JSON lines that are refused") {
  const auto second = [](std::string_view line) {
    const std::string right = "{\"text\": \"a\", \"label\": \"x\"}\n";
    const std::string message = refusal("jsonl", right + std::string(line));
    const std::string_view begin = "data.jsonl, line 2: ";
    return message.starts_with(begin) ? message.substr(begin.size()) : message;
  };
  CHECK(second(R"({"text": "a", "label": "y", "label2": 0})") == "accepted");
  CHECK(second("{") == "it is not JSON");
  CHECK(second("{} {}") == "it is not JSON");
  CHECK(second("[1]") == "it is not a JSON object");
  CHECK(second(R"({"text": "a", "text": "b"})") == R"(it has the member "text" twice)");
  CHECK(second(R"({"text": "\ud800", "label": "x"})") == "it is not JSON");
  CHECK(second("{}") == std::string("it has nothing") + wanted);
  CHECK(second(R"({"messages": []})") == std::string("it has \"messages\"") + wanted);
  CHECK(second(R"({"prompt": "a"})") == std::string("it has \"prompt\"") + wanted);
  CHECK(second(R"({"text": "a", "prompt": "b", "completion": "c"})") ==
        std::string("it has \"text\", \"prompt\", \"completion\"") + wanted);
  CHECK(second(R"({"text": "a"})") ==
        "it has text, and line 1 has text and label: a file is of one kind");
  CHECK(second(R"({"text": "a", "label": 1})") == "\"label\" is 1, where a string is wanted");
  CHECK(second(R"({"text": null, "label": "x"})") == "\"text\" is null, where a string is wanted");
  CHECK(second(R"({"text": "a\u0000", "label": "x"})") == "\"text\" has a NUL");
}

TEST_CASE("tables that are refused") {
  CHECK(refusal("csv", "a,\"b\nc\"\n1,2\n") ==
        "data.jsonl, line 1: the columns are \"a\", \"b\\nc\"" + std::string(wanted));
  CHECK(refusal("csv", "Text,Label\na,x\n") ==
        "data.jsonl, line 1: the columns are \"Text\", \"Label\"" + std::string(wanted));
  CHECK(refusal("tsv", "text,label\na,x\n") ==
        "data.jsonl, line 1: the columns are \"text,label\"" + std::string(wanted));
  CHECK(refusal("tsv", "text\tlabel\ttext\na\tx\tb\n") ==
        "data.jsonl, line 1: the header has the column text twice");
  CHECK(refusal("csv", "text,label\na,x\nb\n") ==
        "data.jsonl, line 3: it has 1 field, and the header 2");
  CHECK(refusal("csv", "text,label\na,x\n\"b\nc\",d,e\n") ==
        "data.jsonl, line 3: it has 3 fields, and the header 2");
  CHECK(refusal("tsv", "text\tlabel\na\tx\t\n") ==
        "data.jsonl, line 2: it has 3 fields, and the header 2");
  CHECK(refusal("csv", "text\na \"b\"\n") ==
        "data.jsonl, line 2: a field with a quote in it has to be quoted, and the quote doubled");
  CHECK(refusal("csv", "text\n\"a\" b\n") ==
        "data.jsonl, line 2: a quoted field goes on behind its quote");
  CHECK(refusal("csv", "text\n\"a\nb\n\nc\n") == "data.jsonl, line 2: a quoted field does not end");
  CHECK(refusal("csv", "text,label\n") == "data.jsonl: no record in 1 line, 0 records");
}

}  // namespace own_test
