#include <algorithm>

#include "tests/data/readers/written.h"

namespace text_test {

using namespace data::readers;

/// The pieces joined. Each is of 128 KiB at most, all but the first continue, and each says in which
/// line it begins.
std::string joined(std::string_view text) {
  const DataSet data = written::read("text", text);
  std::string whole;
  for (const Record& record : data.records) {
    CHECK(record.kind == RecordKind::text);
    CHECK(record.text.size() <= 128 << 10);
    CHECK(record.continues == !whole.empty());
    const auto ends = std::count(whole.begin(), whole.end(), '\n');
    CHECK(record.line == static_cast<std::size_t>(ends) + 1);
    whole += record.text;
  }
  const auto ends = static_cast<std::size_t>(std::count(whole.begin(), whole.end(), '\n'));
  CHECK(data.counts.lines == ends + !whole.ends_with('\n'));
  return whole;
}

std::string repeated(std::string_view part, std::size_t times) {
  std::string text;
  for (std::size_t i = 0; i < times; ++i) text += part;
  return text;
}

TEST_CASE("the pieces of a text are the text") {
  for (const char* part : {"one line\n", "paragraphs\n\n  and indents\n", "words ", "x", "é", "中",
                           "\U0001F600", " ", "\n", "\n\t"}) {
    CAPTURE(part);
    const std::string text = "begin " + repeated(part, 300'000 / std::string_view(part).size());
    CHECK((joined(text + "end") == text + "end"));
    CHECK((joined(text + "end\n") == text + "end\n"));
  }
  CHECK((joined("\xEF\xBB\xBFshort") == "short"));
  CHECK(written::read("text", "short\n").records.size() == 1);
  CHECK(written::read("text", repeated("one line\n", 100'000)).records.size() > 4);
}

TEST_CASE("CR LF becomes LF, also where two blocks meet, and a lone CR stays") {
  for (const char* before : {"", "x", "xx"}) {  // so that a block ends before, within and after one
    CAPTURE(before);
    CHECK((joined(before + repeated("a\r\n", 100'000)) == before + repeated("a\n", 100'000)));
    CHECK((joined(before + repeated("\r\r\n", 70'000) + "a") ==
           before + repeated("\r\n", 70'000) + "a"));
  }
}

TEST_CASE("a text is cut where a line begins with a word, or else before a word") {
  const auto begins = [](std::string_view part) {
    const DataSet data = written::read("text", "begin\n" + repeated(part, 20'000));
    CHECK(data.records.size() > 1);
    std::string all;
    for (std::size_t i = 1; i < data.records.size(); ++i)
      if (const std::string begin = data.records[i].text.substr(0, 2); all.find(begin) == all.npos)
        all += begin;
    return all;
  };
  CHECK(begins("a line\n\n b c\n") == "a ");
  CHECK(begins("ab cd efgh ") != "a ");
  for (const char c : begins("  ab")) CHECK((c == ' ' || c == 'a'));
}

TEST_CASE("bytes that are no text, by line and byte") {
  const auto refused = [](std::string_view text) { return written::refusal("text", text); };
  CHECK(refused("") == "data.jsonl: the file is empty");
  CHECK(refused(" \n\n") ==
        "data.jsonl: no record in 2 lines, 0 records; skipped: text is empty 1 (first in line 1)");
  CHECK(refused("a\nb\xC3\n") == "data.jsonl, line 2: byte 2 is not UTF-8");
  CHECK(refused(repeated("a line\n", 50'000) + "ab\xFF") ==
        "data.jsonl, line 50001: byte 3 is not UTF-8");
  CHECK(refused(repeated("x", 200'000) + '\0') == "data.jsonl, line 1: byte 200001 is NUL");
  CHECK(refused(repeated("\x80", 200'000)) == "data.jsonl, line 1: byte 1 is not UTF-8");
}

}  // namespace text_test
