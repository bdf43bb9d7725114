#include <cstdio>
#include <cstdlib>
#include <fstream>

#include "data/readers/lines.h"
#include "data/readers/reader.h"
#include "nn/files/file.h"
#include "nn/files/json.h"
#include "tests/fuzz/harnesses.h"

// The readers of data files, which know nothing of models.
namespace {

using namespace data::readers;

void require_of_reader(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "%s\n", what);
  std::abort();
}

void write(const std::filesystem::path& path, std::string_view bytes) {
  std::ofstream(path, std::ios::binary) << bytes;
}

/// What the record has, as a line of one's own data.
std::string as_json(const Record& record) {
  nn::Json line;
  switch (record.kind) {
    case RecordKind::completion:
      line = {{"prompt", record.prompt}, {"completion", record.completion}};
      break;
    case RecordKind::labelled_pair:
      line["text_b"] = record.second_text;
      line["text_a"] = record.text;
      line["label"] = record.label;
      break;
    case RecordKind::labelled_text:
      line["label"] = record.label;
      [[fallthrough]];
    case RecordKind::text:
      line["text"] = record.text;
  }
  return line.dump();  // throws where a string is not UTF-8
}

void check(const DataSet& data, const nn::TemporaryFolder& folder) {
  std::string lines;
  bool is_labelled = true;
  for (const Record& record : data.records) {
    require_of_reader(record.kind == data.records[0].kind, "two kinds");
    require_of_reader(1 <= record.line && record.line <= data.counts.lines, "no such line");
    is_labelled = is_labelled && !record.label.empty();
    lines += as_json(record) + "\n";
    if (record.query) {  // of two columns of one name the first is read
      const auto query = parse_sql(record.completion, *record.columns);
      require_of_reader(query && sql_text(*query, *record.columns) == record.completion,
                        "a query does not come back");
    }
  }
  require_of_reader(data.counts.records == data.records.size(), "records are not counted");
  const bool may_lack_labels = data.records[0].kind == RecordKind::labelled_pair;
  if (data.records[0].kind == RecordKind::text || (may_lack_labels && !is_labelled)) return;
  write(folder / "again", lines);
  const DataSet again = read_all(folder / "again", "jsonl");
  require_of_reader(again.records.size() == data.records.size(), "another number of records");
  for (std::size_t i = 0; i < again.records.size(); ++i)
    require_of_reader(as_json(again.records[i]) == as_json(data.records[i]), "another record");
}

/// The first byte says the format.
void data_file(std::string_view bytes) {
  if (bytes.empty()) return;
  const auto formats = all_formats();
  const Format& format =
      formats[static_cast<std::size_t>(static_cast<unsigned char>(bytes[0]) - '0') %
              formats.size()];
  const nn::TemporaryFolder folder;
  write(folder / "data", bytes.substr(1));
  if (format.has_tables)
    write(folder / "tables", R"({"id": "1", "header": ["a", "MAX a", "b = 'c'", "", "a"]})");
  try {
    check(read_all(folder / "data", format.name, format.has_tables ? folder / "tables" : ""),
          folder);
  } catch (const DataError& error) {
    for (const char c : std::string_view(error.what()))
      require_of_reader(c >= ' ' && c <= '~', "the message is not one line of ASCII");
  }
}

void tables_file(std::string_view bytes) {
  const nn::TemporaryFolder folder;
  write(
      folder / "data",
      R"({"table_id": "1", "question": "q", "sql": {"sel": 1, "agg": 1, "conds": [[0, 0, "v"]]}})");
  write(folder / "tables", bytes);
  try {
    check(read_all(folder / "data", "wikisql", folder / "tables"), folder);
  } catch (const DataError&) {
  }
}

void sql(std::string_view text) {
  const Columns columns{"a", "MAX a", "b = 'c'", "", "a", "x WHERE y"};
  const std::optional<Query> query = parse_sql(text, columns);
  if (!query) return;
  require_of_reader(sql_text(*query, columns) == trimmed(text), "another text");
  require_of_reader(parse_sql(sql_text(*query, columns), columns) == query, "another query");
}

constexpr Harness all[] = {
    {"data_file", data_file},
    {"tables_file", tables_file},
    {"sql", sql},
};

}  // namespace

std::span<const Harness> harnesses() { return all; }
