#include <fmt/format.h>

#include "data/readers/forms.h"
#include "data/readers/line_reader.h"
#include "data/readers/shapes.h"
#include "data/readers/table_reader.h"

// Files that somebody made for this: the names of members or columns say what is in them.

namespace data::readers {
namespace {

class JsonlReader : public LineReader {
 public:
  using LineReader::LineReader;

 private:
  std::optional<Record> read() override {
    for (nn::Json object; next_object(object);) {
      check_shape(object);
      Record record{.kind = shape_->kind, .line = line_number()};
      for (const NamedString& string : shape_->strings)
        record.*string.string = string_at(object, string.name);
      const std::string reason = missing(*shape_, record);
      if (reason.empty()) return record;
      skip_line(reason);
    }
    return {};
  }

  void check_shape(const nn::Json& object) {
    std::vector<std::string> names;
    for (const auto& [name, value] : object.items()) names.push_back(name);
    const Shape* shape = shape_of(names);
    if (shape == nullptr)
      fail_here(fmt::format("it has {}; wanted are {}", names.empty() ? "nothing" : listed(names),
                            shapes_text()));
    if (shape_ == nullptr) {
      shape_ = shape;
      shape_line_ = line_number();
    } else if (shape != shape_) {
      fail_here(fmt::format("it has {}, and line {} has {}: a file is of one kind",
                            names_of(*shape), shape_line_, names_of(*shape_)));
    }
  }

  const Shape* shape_ = nullptr;
  std::size_t shape_line_ = 0;
};

class OwnTableReader : public TableReader {
 public:
  using TableReader::TableReader;

 private:
  void take_header() override {
    shape_ = shape_of(header());
    if (shape_ == nullptr)
      fail_here(fmt::format("the columns are {}; wanted are {}", listed(header()), shapes_text()));
    for (const NamedString& string : shape_->strings)
      columns_.push_back(need_column({string.name}));
  }

  std::optional<Record> record_of(const Row& row) override {
    Record record{.kind = shape_->kind};
    for (std::size_t i = 0; i < columns_.size(); ++i)
      record.*shape_->strings[i].string = row[columns_[i]];
    const std::string reason = missing(*shape_, record);
    if (reason.empty()) return record;
    skip_row(reason);
    return {};
  }

  const Shape* shape_ = nullptr;
  std::vector<std::size_t> columns_;  // of the shape's strings
};

}  // namespace

std::unique_ptr<Reader> jsonl_reader(const std::filesystem::path& file) {
  return std::make_unique<JsonlReader>(file);
}

std::unique_ptr<Reader> csv_reader(const std::filesystem::path& file) {
  return std::make_unique<OwnTableReader>(file, std::make_unique<CsvRows>(file));
}

std::unique_ptr<Reader> tsv_reader(const std::filesystem::path& file) {
  return std::make_unique<OwnTableReader>(file, std::make_unique<TabRows>(file));
}

}  // namespace data::readers
