#include <fmt/format.h>
#include <fmt/ranges.h>

#include <unordered_map>

#include "data/readers/forms.h"
#include "data/readers/line_reader.h"

// WikiSQL (Zhong, Xiong, Socher 2017). A prompt has the columns of the table and the question, a
// completion the query as text (sql.h):
//   columns: Player, No., Position
//   Q: What is terrence ross' position
//   A:
// The table's number would say nothing, and its cells are not needed, so neither is in it.

namespace data::readers {
namespace {

using Tables = std::unordered_map<std::string, std::shared_ptr<const Columns>>;

/// A file of tables, of which the headers are kept. Its lines are no records.
class TablesReader : public LineReader {
 public:
  using LineReader::LineReader;

  Tables tables() {
    Tables all;
    for (nn::Json object; next_object(object);) {
      const std::string id = string_at(object, "id");
      if (!all.try_emplace(id, columns_of(object)).second)
        fail_here(fmt::format("the table {} is there twice", nn::printable(id)));
    }
    return all;
  }

 private:
  std::optional<Record> read() override { return {}; }

  std::shared_ptr<const Columns> columns_of(const nn::Json& table) const {
    const auto header = table.find("header");
    if (header == table.end() || !header->is_array()) fail_here("there is no list \"header\"");
    Columns columns;
    for (const nn::Json& name : *header) {
      if (!name.is_string())
        fail_here(fmt::format("a column is {}, where a string is wanted", nn::shown(name)));
      columns.push_back(name.get<std::string>());
    }
    return std::make_shared<const Columns>(std::move(columns));
  }
};

std::filesystem::path tables_beside(const std::filesystem::path& file) {
  std::vector<std::string> tried;
  for (const char* ending : {".tables.jsonl", ".headers.jsonl"}) {
    std::filesystem::path beside = file;
    beside.replace_extension(ending);
    if (std::error_code ignored; std::filesystem::exists(beside, ignored)) return beside;
    tried.push_back(beside.filename().string());
  }
  throw DataError(fmt::format("{}: the file of its tables is not beside it, {}", file.string(),
                              fmt::join(tried, " or ")));
}

/// A number as Python prints it, so that values are compared as the release compares them.
std::string python_number(const nn::Json& number) {
  if (!number.is_number_float()) return number.dump();
  const std::string text = fmt::format("{}", number.get<double>());
  return text.find_first_of(".e") == std::string::npos ? text + ".0" : text;
}

class WikiSqlReader : public LineReader {
 public:
  WikiSqlReader(const std::filesystem::path& file, const std::filesystem::path& tables)
      : LineReader(file),
        tables_file_(tables.empty() ? tables_beside(file) : tables),
        tables_(TablesReader(tables_file_).tables()) {}

 private:
  std::optional<Record> read() override {
    for (nn::Json object; next_object(object);) {
      const std::string question = string_at(object, "question");
      if (!is_blank(question)) return record_of(object, question);
      skip_line("question is empty");
    }
    return {};
  }

  Record record_of(const nn::Json& object, std::string_view question) const {
    const std::string id = string_at(object, "table_id");
    const auto table = tables_.find(id);
    if (table == tables_.end())
      fail_here(fmt::format("{} has no table {}", tables_file_.string(), nn::printable(id)));
    const Columns& columns = *table->second;
    const Query query = query_of(object, columns);
    return {.kind = RecordKind::completion,
            .prompt = fmt::format("columns: {}\nQ: {}\nA:", fmt::join(columns, ", "), question),
            .completion = sql_text(query, columns),
            .query = query,
            .columns = table->second,
            .line = line_number()};
  }

  Query query_of(const nn::Json& object, const Columns& columns) const {
    const auto sql = object.find("sql");
    if (sql == object.end() || !sql->is_object()) fail_here("there is no object \"sql\"");
    const auto conditions = sql->find("conds");
    if (conditions == sql->end() || !conditions->is_array())
      fail_here("\"sql\" has no list \"conds\"");
    Query query{.column = place_at(*sql, "sel", columns.size()),
                .aggregate = place_at(*sql, "agg", aggregates.size())};
    for (const nn::Json& condition : *conditions)
      query.conditions.push_back(condition_of(condition, columns));
    return query;
  }

  Condition condition_of(const nn::Json& list, const Columns& columns) const {
    if (!list.is_array() || list.size() != 3 || !(list[2].is_string() || list[2].is_number()))
      fail_here(fmt::format("a condition is {}, where [column, operator, value] is wanted",
                            nn::shown(list)));
    const bool is_number = list[2].is_number();
    return {.column = place_of(list[0], "the column of a condition", columns.size()),
            .comparison = place_of(list[1], "the operator of a condition", comparisons.size()),
            .value = is_number ? python_number(list[2]) : list[2].get<std::string>(),
            .is_number = is_number};
  }

  std::size_t place_at(const nn::Json& object, const char* name, std::size_t size) const {
    const auto found = object.find(name);
    if (found == object.end()) fail_here(fmt::format("\"sql\" has no \"{}\"", name));
    return place_of(*found, fmt::format("\"{}\"", name), size);
  }

  std::size_t place_of(const nn::Json& value, std::string_view what, std::size_t size) const {
    if (!nn::is_whole<std::size_t>(value) || value.get<std::size_t>() >= size)
      fail_here(fmt::format("{} is {}, where a number from 0 and below {} is wanted", what,
                            nn::shown(value), size));
    return value.get<std::size_t>();
  }

  std::filesystem::path tables_file_;
  Tables tables_;
};

}  // namespace

std::unique_ptr<Reader> wikisql_reader(const std::filesystem::path& file,
                                       const std::filesystem::path& tables) {
  return std::make_unique<WikiSqlReader>(file, tables);
}

}  // namespace data::readers
