#include <fmt/format.h>

#include <algorithm>

#include "data/readers/forms.h"
#include "data/readers/line_reader.h"
#include "data/readers/table_reader.h"

// Two sentences and whether the second follows from the first: MultiNLI (Williams, Nangia, Bowman
// 2018), SNLI (Bowman et al. 2015) and HANS (McCoy, Pavlick, Linzen 2019). A label is a name:
// libraries number them in different orders. The label "-" says that the annotators did not agree.

namespace data::readers {
namespace {

constexpr const char* gold_label = "gold_label";

/// Why a pair makes no record; empty where it does.
std::string reason_to_skip(const Record& pair, bool has_labels) {
  if (is_blank(pair.text)) return "sentence1 is empty";
  if (is_blank(pair.second_text)) return "sentence2 is empty";
  if (!has_labels) return "";
  if (pair.label == "-") return "gold_label is \"-\"";
  return is_blank(pair.label) ? "gold_label is empty" : "";
}

class MnliReader : public TableReader {
 public:
  using TableReader::TableReader;

 private:
  void take_header() override {
    first_ = need_column({"sentence1", "premise"});
    second_ = need_column({"sentence2", "hypothesis"});
    label_ = find_column(gold_label);  // a test set has none
  }

  // The corpora's own training files end a row behind label1 where there is no other, and GLUE's of
  // SNLI has all five in some rows, under a header that names one.
  bool is_row(std::size_t fields) const override {
    const auto is_annotator = [](const std::string& name) {
      return name == "label2" || name == "label3" || name == "label4" || name == "label5";
    };
    if (fields < header().size())
      return std::all_of(header().begin() + static_cast<std::ptrdiff_t>(fields), header().end(),
                         is_annotator);
    return fields == header().size() || (names_one_annotator() && fields == header().size() + 4);
  }

  bool names_one_annotator() const {
    const std::size_t n = header().size();
    return n >= 2 && header()[n - 2] == "label1" && header()[n - 1] == gold_label;
  }

  std::optional<Record> record_of(const Row& row) override {
    Record pair{
        .kind = RecordKind::labelled_pair, .text = row[first_], .second_text = row[second_]};
    if (label_ != none) pair.label = names_one_annotator() ? row.back() : row[label_];
    const std::string reason = reason_to_skip(pair, label_ != none);
    if (reason.empty()) return pair;
    skip_row(reason);
    return {};
  }

  std::size_t first_ = none, second_ = none, label_ = none;
};

class MnliJsonlReader : public LineReader {
 public:
  using LineReader::LineReader;

 private:
  std::optional<Record> read() override {
    for (nn::Json object; next_object(object);) {
      Record pair{.kind = RecordKind::labelled_pair,
                  .text = string_at(object, "sentence1"),
                  .second_text = string_at(object, "sentence2"),
                  .label = string_at(object, gold_label),
                  .line = line_number()};
      const std::string reason = reason_to_skip(pair, true);
      if (reason.empty()) return pair;
      skip_line(reason);
    }
    return {};
  }
};

}  // namespace

std::unique_ptr<Reader> mnli_reader(const std::filesystem::path& file) {
  return std::make_unique<MnliReader>(file, std::make_unique<TabRows>(file));
}

std::unique_ptr<Reader> mnli_jsonl_reader(const std::filesystem::path& file) {
  return std::make_unique<MnliJsonlReader>(file);
}

}  // namespace data::readers
