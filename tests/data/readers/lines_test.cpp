#include "data/readers/lines.h"

#include <vector>

#include "tests/data/readers/written.h"

namespace lines_test {

using namespace data::readers;

std::vector<std::string> lines_of(std::string_view bytes) {
  const written::Files files(bytes);
  Lines lines(files.file());
  std::vector<std::string> all;
  for (std::string line; lines.next(line);) {
    all.push_back(line);
    CHECK(lines.number() == all.size());
  }
  return all;
}

using Strings = std::vector<std::string>;

TEST_CASE(
    "lines end with LF or CR LF, the last with nothing too, and a byte order mark is dropped") {
  CHECK(lines_of("") == Strings{});
  CHECK(lines_of("a") == Strings{"a"});
  CHECK(lines_of("a\n") == Strings{"a"});
  CHECK(lines_of("a\r\n\nb\r\nc") == Strings{"a", "", "b", "c"});
  CHECK(lines_of("\xEF\xBB\xBF"
                 "a\nb") == Strings{"a", "b"});
  CHECK(lines_of("a\n\xEF\xBB\xBF"
                 "b") == Strings{"a",
                                 "\xEF\xBB\xBF"
                                 "b"});
  CHECK(lines_of("a\rb\n") == Strings{"a\rb"});  // a lone CR ends nothing
}

TEST_CASE("lines that are longer than a block, or end at its end") {
  for (const std::size_t size : {65535u, 65536u, 65537u, 200000u})
    for (const char* end : {"\n", "\r\n"}) {
      const std::string line(size, 'x');
      CHECK(lines_of(line + end + "b" + end) == Strings{line, "b"});
    }
}

// The table of the Unicode Standard, 3-7: of each row the first and the last, and what is beside.
TEST_CASE("what is not UTF-8") {
  for (const char* right :
       {"\x7F", "\xC2\x80", "\xDF\xBF", "\xE0\xA0\x80", "\xEC\xBF\xBF", "\xED\x80\x80",
        "\xED\x9F\xBF", "\xEE\x80\x80", "\xEF\xBF\xBF", "\xF0\x90\x80\x80", "\xF3\xBF\xBF\xBF",
        "\xF4\x80\x80\x80", "\xF4\x8F\xBF\xBF"})
    CHECK(fault_of(right) == "");
  for (const char* wrong :
       {"\x80", "\xC1\xBF", "\xC2", "\xC2\x7F", "\xE0\x9F\xBF", "\xED\xA0\x80", "\xE1\x80",
        "\xE1\x80\xC0", "\xF0\x8F\xBF\xBF", "\xF4\x90\x80\x80", "\xF5\x80\x80\x80", "\xFF"})
    CHECK(fault_of(std::string("ab") + wrong) == "byte 3 is not UTF-8");
  CHECK(fault_of(std::string_view("a\0b", 3)) == "byte 2 is NUL");
}

TEST_CASE("a file that has no lines of text is refused") {
  const auto refused = [](std::string_view bytes) { return written::refusal("jsonl", bytes); };
  CHECK(refused("") == "data.jsonl: the file is empty");
  CHECK(refused("{\"text\": \"a\"}\n\xFF\n") == "data.jsonl, line 2: byte 1 is not UTF-8");
  CHECK(refused(std::string_view("{\"text\"\0}\n", 10)) == "data.jsonl, line 1: byte 8 is NUL");
  CHECK(refused("\xFF\xFE{\0") == "data.jsonl, line 1: byte 1 is not UTF-8");  // UTF-16
  const std::string long_line(longest_line + 1, ' ');
  CHECK(refused(long_line) == "data.jsonl, line 1: it is longer than 67108864 bytes");
  CHECK(refused("\n \n\t\n") ==
        "data.jsonl: no record in 3 lines, 0 records; skipped: empty line 3 (first in line 1)");
}

TEST_CASE("a file that cannot be opened is refused, and so is a format that there is not") {
  CHECK_THROWS_WITH_AS(open_reader("/none/here", "text"),
                       "cannot read /none/here: No such file or directory", DataError);
  CHECK_THROWS_WITH_AS(
      open_reader("x", "json\n"),
      "no format has the name \"json\\n\"; there are text, jsonl, csv, tsv, e2e, e2e-csv, wikisql, "
      "mnli, mnli-jsonl",
      DataError);
  CHECK_THROWS_WITH_AS(open_reader("x", "csv", "t"), "t: the format csv has no tables", DataError);
  const nn::TemporaryFolder folder;
  for (const Format& format : all_formats())
    if (!format.has_tables) CHECK_THROWS_AS(read_all(folder.path(), format.name), DataError);
}

TEST_CASE("the page about data files has every format") {
  const std::string page = nn::read_file(LOWRANK_SOURCE_DIR "/docs/data-files.md");
  for (const Format& format : all_formats()) {
    CAPTURE(format.name);
    CHECK(page.find("`" + std::string(format.name) + "`") != std::string::npos);
  }
  CHECK(page.find("`parquet`") == std::string::npos);
}

// It is not read as a whole first: what stands behind a record does not keep it back.
TEST_CASE("records come one at a time") {
  std::string lines = "{\"text\": \"a\"}\n";
  lines.append(1 << 20, '\n');
  lines += "no JSON\n";
  const written::Files files(lines);
  const auto reader = open_reader(files.file(), "jsonl");
  CHECK(reader->next()->text == "a");
  CHECK(to_string(reader->counts()) == "1 line, 1 record");
  CHECK_THROWS_AS(reader->next(), DataError);
}

}  // namespace lines_test
