#include <doctest/doctest.h>
#include <fmt/format.h>

#include <cstdint>
#include <cstdlib>

#include "data/readers/reader.h"
#include "nn/files/file.h"
#include "nn/files/json.h"
#include "tests/data/readers/written.h"

// The corpora themselves, which are no part of the project: the folder that LOWRANK_DATA names. The
// numbers were found by other programs: Python's modules csv and json.
namespace corpora_test {

namespace fs = std::filesystem;
using namespace data::readers;

constexpr std::uint64_t start = 0xcbf29ce484222325;

/// FNV-1a.
std::uint64_t hash_of(std::string_view text, std::uint64_t hash = start) {
  for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 0x100000001b3;
  return hash;
}

/// Of all that is in the records.
std::uint64_t hash_of(const std::vector<Record>& records) {
  std::uint64_t hash = start;
  for (const Record& r : records)
    hash = hash_of(fmt::format("{}\x1f{}\x1f{}\x1f{}\x1f{}\x1f{}\x1e", r.text, r.second_text,
                               r.label, r.prompt, r.completion, r.line),
                   hash);
  return hash;
}

struct Corpus {
  const char* format;
  const char* file;
  const char* counts;
  std::uint64_t hash;
};

constexpr Corpus corpora[] = {
    {"e2e", "e2e/valid.txt", "4672 lines, 4672 records", 0xf0dc80b3c1ded71a},
    {"e2e", "e2e/test.txt", "4693 lines, 4693 records", 0xedf923c91bb79c5e},
    {"e2e-csv", "e2e/devset.csv", "4673 lines, 4672 records", 0xad57c3a1fb5dd6a7},
    {"e2e-csv", "e2e/testset_w_refs.head.csv", "301 lines, 300 records", 0x89422d9035c85ee6},
    {"e2e-csv", "e2e/trainset.head.csv", "5 lines, 4 records", 0xecce8f8c6297d0fd},
    {"e2e-csv", "e2e/cleaned.devel.head.csv", "301 lines, 300 records", 0xd10e32c8b9416014},
    {"mnli", "hans/heuristics_evaluation_set.txt", "5 lines, 4 records", 0xf5ac89fd27f33871},
    {"mnli", "hans/heuristics_train_set.txt", "5 lines, 4 records", 0xa20d358672d1b03f},
    {"mnli", "mnli/dev_matched.pairs.tsv", "1001 lines, 1000 records", 0x4de17ee52714d5ec},
    {"mnli", "mnli/dev_matched.tsv", "12 lines, 11 records", 0x4b66f2a31418bdd5},
    {"mnli", "mnli/dev_mismatched.tsv", "6 lines, 5 records", 0x8cb9f8f8ce7a75ef},
    {"mnli", "mnli/multinli_1.0_dev_matched.txt", "5 lines, 4 records", 0x8ca9205fd71b1b88},
    {"mnli", "mnli/multinli_1.0_dev_mismatched.txt", "5 lines, 4 records", 0xda7e4b5295d725e9},
    {"mnli", "mnli/multinli_1.0_train.txt", "5 lines, 4 records", 0xd4ba22ba8c9a4263},
    {"mnli", "mnli/test_matched.tsv", "6 lines, 5 records", 0x5f9548c22456a087},
    {"mnli", "mnli/train.tsv", "487 lines, 486 records", 0xaa4b8bd39e8e2f7a},
    {"mnli", "snli/snli_1.0_dev.txt", "3 lines, 2 records", 0x227a16fbe3c9f394},
    {"mnli", "snli/snli_1.0_test.txt", "2 lines, 1 record", 0xe0e484edfa9515bc},
    {"mnli", "snli/snli_1.0_train.txt", "4 lines, 3 records", 0x95d5ccdafb720a60},
    {"mnli", "snli/train.tsv", "481 lines, 480 records", 0xd638dd6112451376},
    {"mnli-jsonl", "mnli/multinli_1.0_dev_matched.jsonl", "5 lines, 5 records", 0x21298e23d8504990},
    {"mnli-jsonl", "mnli/multinli_1.0_dev_mismatched.jsonl", "5 lines, 5 records",
     0x7ad8e19ef3dbe588},
    {"mnli-jsonl", "mnli/multinli_1.0_train.jsonl", "5 lines, 5 records", 0x801c564dfd35add4},
    {"mnli-jsonl", "snli/snli_1.0_dev.jsonl",
     "500 lines, 493 records; skipped: gold_label is \"-\" 7 (first in line 67)",
     0x5138daf014f01e03},
    {"mnli-jsonl", "snli/snli_1.0_test.jsonl",
     "200 lines, 196 records; skipped: gold_label is \"-\" 4 (first in line 33)",
     0x0701cc01bfc36e24},
    {"wikisql", "wikisql/dev.jsonl", "81 lines, 81 records", 0x171020577e8c4290},
    {"wikisql", "wikisql/test.jsonl", "4 lines, 4 records", 0xa72a515f4f189a5a},
    {"wikisql", "wikisql/dev.400.jsonl", "400 lines, 400 records", 0x7b06387f9b15b625},
    {"jsonl", "wikisql/mlx/test.jsonl", "100 lines, 100 records", 0x4685e00fc4c2ffcf},
    {"jsonl", "wikisql/mlx/train.jsonl", "1000 lines, 1000 records", 0x01a353e9f9802575},
    {"jsonl", "wikisql/mlx/valid.jsonl", "100 lines, 100 records", 0x8bb89c1e2d5db818},
};

TEST_CASE("the hash of records notices a change of any string, and of the line") {
  const auto hash = [](std::string_view csv) { return hash_of(written::read("csv", csv).records); };
  const auto right = hash("text_a,text_b,label\na,b,c\n");
  CHECK(hash("text_a,text_b,label\na,b,c\n") == right);
  for (const char* other : {"text_a,text_b,label\nA,b,c\n", "text_a,text_b,label\nb,a,c\n",
                            "text_a,text_b,label\na,b,C\n", "text_a,text_b,label\n\na,b,c\n",
                            "text_a,text_b,label\na,b,c\na,b,c\n", "prompt,completion\na,b\n"})
    CHECK(hash(other) != right);
}

/// "SELECT a FROM 1-1 WHERE b = 'it's'", as the sample of MLX writes what we write as "SELECT a FROM
/// table WHERE b = 'it''s'".
std::string as_in_mlx(std::string completion, const std::string& table) {
  const auto replace = [&](std::string_view from, const std::string& to) {
    for (std::size_t at = 0; (at = completion.find(from, at)) != std::string::npos; at += to.size())
      completion.replace(at, from.size(), to);
  };
  replace(" FROM table", " FROM " + table);
  replace("''", "'");
  return completion;
}

TEST_CASE("data of LOWRANK_DATA are read as other programs read them" * doctest::skip()) {
  const char* place = std::getenv("LOWRANK_DATA");
  const fs::path root = place == nullptr ? "" : place;
  if (place == nullptr || !fs::is_directory(root / "e2e")) {
    fmt::print("skipped: LOWRANK_DATA names no folder with e2e/\n");
    return;
  }
  for (const Corpus& corpus : corpora) {
    const DataSet data = read_all(root / corpus.file, corpus.format);
    fmt::print("{:<10} {:<40} {}\n", corpus.format, corpus.file, to_string(data.counts));
    CAPTURE(corpus.file);
    CHECK(to_string(data.counts) == corpus.counts);
    CHECK(hash_of(data.records) == corpus.hash);
    for (const Record& record : data.records)
      if (record.query) CHECK(parse_sql(record.completion, *record.columns) == record.query);
  }

  for (const auto& [name, lines] :
       {std::pair("tinyshakespeare.txt", 40000u), std::pair("austen/austen.txt", 21359u)}) {
    const DataSet data = read_all(root / name, "text");
    CHECK(data.counts.lines == lines);
    std::string joined;
    for (const Record& record : data.records) joined += record.text;
    CHECK(joined == nn::read_file(root / name));
  }

  // The two forms of E2E have the same rows.
  const auto valid = read_all(root / "e2e/valid.txt", "e2e").records;
  const auto devset = read_all(root / "e2e/devset.csv", "e2e-csv").records;
  REQUIRE(valid.size() == devset.size());
  for (std::size_t i = 0; i < valid.size(); ++i) CHECK(valid[i].prompt == devset[i].prompt);
  CHECK(references(valid).size() == 547);
  CHECK(references(read_all(root / "e2e/test.txt", "e2e").records).size() == 630);

  // The sample of MLX was made from WikiSQL by others: the table's number in front, and no quote
  // written twice.
  for (const auto& [ours, theirs] : {std::pair("dev", "valid"), std::pair("test", "test")}) {
    const std::string folder = "wikisql/";
    std::vector<std::string> samples;
    for (const Record& record :
         read_all(root / folder / "mlx" / (std::string(theirs) + ".jsonl"), "jsonl").records)
      samples.push_back(record.text);
    std::size_t found = 0;
    const auto questions = read_all(root / folder / (std::string(ours) + ".jsonl"), "wikisql");
    for (const Record& record : questions.records)
      for (const std::string& sample : samples) {
        const std::string table = sample.substr(7, sample.find('\n') - 7);
        if (sample ==
            "table: " + table + "\n" + record.prompt + " " + as_in_mlx(record.completion, table)) {
          ++found;
          break;
        }
      }
    CHECK(found == questions.records.size());
  }
}

TEST_CASE("what LOWRANK_DATA has without what is needed is refused" * doctest::skip()) {
  const char* place = std::getenv("LOWRANK_DATA");
  const fs::path root = place == nullptr ? "" : place;
  if (place == nullptr || !fs::is_directory(root / "e2e")) {
    fmt::print("skipped: LOWRANK_DATA names no folder with e2e/\n");
    return;
  }
  for (const auto& [file, format] :
       {std::pair("hans/mnli_contradicting_examples.tsv", "mnli"),
        std::pair("hans/bert_preds.head.txt", "csv"),
        std::pair("wikisql/test.400.jsonl", "wikisql"), std::pair("wikisql/dev.400.jsonl", "jsonl"),
        std::pair("e2e/valid.txt", "e2e-csv"), std::pair("e2e/devset.csv", "e2e"),
        std::pair("mnli/train.tsv", "tsv"), std::pair("mnli/train.tsv", "mnli-jsonl"),
        std::pair("snli/snli_1.0_dev.jsonl", "mnli")}) {
    CAPTURE(file);
    CHECK_THROWS_AS(read_all(root / file, format), DataError);
  }
}

}  // namespace corpora_test
