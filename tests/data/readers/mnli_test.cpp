#include "data/readers/labels.h"
#include "tests/data/readers/written.h"

namespace mnli_test {

using namespace data::readers;
using written::counts;
using written::read;
using written::refusal;

/// Every pair as "text / second text / label", one a line.
std::string pairs(std::string_view format, std::string_view text) {
  std::string all;
  for (const Record& record : read(format, text).records) {
    CHECK(record.kind == RecordKind::labelled_pair);
    all += record.text + " / " + record.second_text + " / " + record.label + "\n";
  }
  return all;
}

const std::string glue =
    "index\tgenre\tsentence1\tsentence2\tlabel1\tgold_label\n"
    "0\tfiction\tA \"quote.\tB.\tneutral\tentailment\n";

TEST_CASE("columns are found by their names") {
  CHECK(pairs("mnli", glue) == "A \"quote. / B. / entailment\n");
  CHECK(pairs("mnli", "\xEF\xBB\xBF" + glue) == "A \"quote. / B. / entailment\n");
  CHECK(pairs("mnli", "premise\thypothesis\tgold_label\tn\na\tb\tneutral\t3\n") ==
        "a / b / neutral\n");
  CHECK(pairs("mnli", "gold_label\tsentence2\tsentence1\r\nx\ta\tb\r\n") == "b / a / x\n");
  CHECK(pairs("mnli", "index\tsentence1\tsentence2\n0\ta\tb\n") == "a / b / \n");  // a test set
}

// The header of SNLI in GLUE names one annotator; some rows have five, and the label is behind them.
TEST_CASE("rows with five annotators under a header with one") {
  CHECK(pairs("mnli", glue + "1\tx\tc\td\tneutral\tentailment\tneutral\tneutral\tno\tneutral\n") ==
        "A \"quote. / B. / entailment\nc / d / neutral\n");
  const char* fields = "1\tx\tc\td\tneutral\tneutral\tneutral";
  CHECK(refusal("mnli", glue + fields + "\n") ==
        "data.jsonl, line 3: it has 7 fields, and the header 6");
  CHECK(refusal("mnli", glue + fields + "\t\t\t\t\n") ==
        "data.jsonl, line 3: it has 11 fields, and the header 6");
  CHECK(refusal("mnli", "sentence1\tsentence2\tgold_label\na\tb\tc\td\te\tf\tg\n") ==
        "data.jsonl, line 2: it has 7 fields, and the header 3");
}

TEST_CASE("rows of the corpora that end behind the first annotator") {
  const std::string header =
      "gold_label\tsentence1\tsentence2\tpairID\tlabel1\tlabel2\tlabel3\tlabel4\tlabel5\n";
  const std::string row = "neutral\ta\tb\t7n\tneutral";
  CHECK(pairs("mnli", header + row + "\n" + row + "\tx\ty\tz\tneutral\n") ==
        "a / b / neutral\na / b / neutral\n");
  CHECK(refusal("mnli", header + "neutral\ta\tb\t7n\n") ==
        "data.jsonl, line 2: it has 4 fields, and the header 9");
  CHECK(refusal("mnli", header + row + "\t1\t2\t3\t4\t5\n") ==
        "data.jsonl, line 2: it has 10 fields, and the header 9");
}

TEST_CASE("pairs on which annotators did not agree are skipped, and so is what is empty") {
  CHECK(counts("mnli", glue + "1\tx\ta\tb\tneutral\t-\n2\tx\ta\tb\tneutral\t-\n\n3\tx\ta\t\tx\tx\n"
                              "4\tx\ta\tb\tx\t\n5\tx\t \tb\tx\tx\n") ==
        "8 lines, 1 record; skipped: gold_label is \"-\" 2 (first in line 3), empty line 1 (first "
        "in line 5), sentence2 is empty 1 (first in line 6), gold_label is empty 1 (first in line "
        "7), sentence1 is empty 1 (first in line 8)");
  CHECK(counts("mnli-jsonl",
               R"({"sentence1": "a", "sentence2": "b", "gold_label": "-"})"
               "\n"
               R"({"sentence1": "a", "sentence2": "b", "gold_label": "x", "genre": "y"})") ==
        "2 lines, 1 record; skipped: gold_label is \"-\" 1 (first in line 1)");
  CHECK(pairs("mnli-jsonl",
              R"({"sentence1": "a", "sentence2": "b\tc", "gold_label": "non-entailment"})") ==
        "a / b\tc / non-entailment\n");
}

TEST_CASE("MultiNLI that is refused") {
  CHECK(refusal("mnli", "a\tb\tcontradiction\n") ==
        "data.jsonl, line 1: the header has no column sentence1 or premise; it has \"a\", \"b\", "
        "\"contradiction\"");
  CHECK(refusal("mnli", "sentence1\tgold_label\na\tx\n") ==
        "data.jsonl, line 1: the header has no column sentence2 or hypothesis; it has "
        "\"sentence1\", \"gold_label\"");
  CHECK(refusal("mnli", glue + "1\tx\ta\n") ==
        "data.jsonl, line 3: it has 3 fields, and the header 6");
  CHECK(refusal("mnli-jsonl", R"({"sentence1": "a", "gold_label": "x"})") ==
        "data.jsonl, line 1: there is no \"sentence2\"");
  CHECK(refusal("mnli-jsonl", R"({"sentence1": "a", "sentence2": "b", "gold_label": 2})") ==
        "data.jsonl, line 1: \"gold_label\" is 2, where a string is wanted");
}

std::string message_of(const auto& call) {
  try {
    call();
  } catch (const DataError& error) {
    return error.what();
  }
  return "accepted";
}

TEST_CASE("labels are numbered in the order of their names, and others are refused") {
  const auto labels_of = [](std::string_view lines) {
    return read("csv", "text,label\n" + std::string(lines)).records;
  };
  const std::vector<Record> records = labels_of("a,no\nb,yes\nc,maybe\nd,no\n");
  const std::vector<std::string> labels = label_names(records, "train.csv");
  CHECK(labels == std::vector<std::string>{"maybe", "no", "yes"});
  CHECK(label_names(labels_of("b,yes\nc,maybe\na,no\n"), "train.csv") == labels);
  CHECK(label_ids(records, labels, "f") == std::vector<std::size_t>{1, 2, 0, 1});
  CHECK(label_ids(labels_of("a,yes\n"), labels, "f") == std::vector<std::size_t>{2});
  // A model's own labels have an order of their own.
  CHECK(label_ids(records, {"yes", "no", "maybe"}, "f") == std::vector<std::size_t>{1, 0, 2, 1});
  CHECK(message_of([&] { label_ids(labels_of("a,yes\nb,n\xC3\xB6\n"), labels, "dev.csv"); }) ==
        "dev.csv, line 3: the label \"n\\u00f6\" is not one of those in training: \"maybe\", "
        "\"no\", \"yes\"");
  CHECK(message_of([&] { label_names(labels_of("a,x\nb,x\n"), "t.csv"); }) ==
        "t.csv: a classifier needs two labels or more; all 2 records have \"x\"");
  const std::vector<Record> unlabelled = read("mnli", "sentence1\tsentence2\na\tb\n").records;
  CHECK(message_of([&] { label_names(unlabelled, "t.tsv"); }) == "t.tsv, line 2: it has no label");
  CHECK(message_of([&] { label_ids(unlabelled, labels, "t.tsv"); }) ==
        "t.tsv, line 2: it has no label");
}

}  // namespace mnli_test
