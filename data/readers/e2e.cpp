#include <fmt/format.h>

#include "data/readers/forms.h"
#include "data/readers/line_reader.h"
#include "data/readers/table_reader.h"

// E2E NLG (Novikova, Dušek, Rieser 2017): what is to be said of a restaurant, the meaning
// representation, and a reference that says it. A prompt is "key : value | key : value", as the code
// of the LoRA paper has it, from both forms, so that a model which was trained on one is asked the
// same by the other. The references differ: those of the paper's code are cut into words.

namespace data::readers {
namespace {

/// A meaning representation between bars has a colon in each part.
bool is_prompt(std::string_view text) {
  for (;;) {
    const std::size_t end = std::min(text.find(" | "), text.size());
    if (text.substr(0, end).find(" : ") == std::string_view::npos) return false;
    if (end == text.size()) return true;
    text.remove_prefix(end + 3);
  }
}

class E2eReader : public LineReader {
 public:
  using LineReader::LineReader;

 private:
  std::optional<Record> read() override {
    for (std::string line; next_line(line);) {
      const std::size_t bars = line.find("||");
      if (bars == std::string::npos || line.find("||", bars + 2) != std::string::npos)
        fail_here("wanted is a line with one \"||\": key : value | key : value||reference");
      const std::string_view prompt = trimmed(std::string_view(line).substr(0, bars));
      const std::string_view reference = trimmed(std::string_view(line).substr(bars + 2));
      if (!is_prompt(prompt))
        fail_here(fmt::format("before \"||\" is {}, where key : value | key : value is wanted",
                              nn::printable(prompt)));
      if (!reference.empty())
        return Record{.kind = RecordKind::completion,
                      .prompt = std::string(prompt),
                      .completion = std::string(reference),
                      .line = line_number()};
      skip_line("reference is empty");
    }
    return {};
  }
};

/// The key of the released form under its name in the other.
std::string_view renamed(std::string_view key) {
  if (key == "eatType") return "Type";
  if (key == "familyFriendly") return "family friendly";
  if (key == "priceRange") return "price";
  return key;
}

/// A price with spaces around its signs: "less than £20" is "less than £ 20", "£20-25" "£ 20 - 25".
std::string spaced_price(std::string_view price) {
  std::string text;
  while (!price.empty()) {
    const std::string_view sign = price.starts_with("£") ? "£" : price.starts_with("-") ? "-" : "";
    text += sign == "£" ? "£ " : sign == "-" ? " - " : price.substr(0, 1);
    price.remove_prefix(std::max<std::size_t>(1, sign.size()));
  }
  return text;
}

/// "name[The Mill], eatType[pub]" as a prompt; empty where it is something else.
std::string prompt_of(std::string_view meaning) {
  std::string prompt;
  for (bool is_last = false; !is_last;) {
    const std::size_t open = meaning.find('['), close = meaning.find(']');
    if (open == 0 || close == std::string_view::npos || open > close) return "";
    const std::string_view key = renamed(meaning.substr(0, open));
    const std::string_view value = meaning.substr(open + 1, close - open - 1);
    prompt += fmt::format("{}{} : {}", prompt.empty() ? "" : " | ", key,
                          key == "price" ? spaced_price(value) : value);
    meaning.remove_prefix(close + 1);
    is_last = meaning.empty();
    if (!is_last && !meaning.starts_with(", ")) return "";
    if (!is_last) meaning.remove_prefix(2);
  }
  return prompt;
}

/// The cleaned data (Dušek, Howcroft, Rieser 2019) have two columns more, `fixed` and `orig_mr`:
/// their `mr` is the corrected one.
class E2eCsvReader : public TableReader {
 public:
  using TableReader::TableReader;

 private:
  void take_header() override {
    meaning_ = need_column({"mr"});
    reference_ = need_column({"ref"});
  }

  std::optional<Record> record_of(const Row& row) override {
    const std::string prompt = prompt_of(trimmed(row[meaning_]));
    if (prompt.empty())
      fail_here(fmt::format("mr is {}, where key[value], key[value] is wanted",
                            nn::printable(row[meaning_])));
    const std::string_view reference = trimmed(row[reference_]);
    if (!reference.empty())
      return Record{
          .kind = RecordKind::completion, .prompt = prompt, .completion = std::string(reference)};
    skip_row("ref is empty");
    return {};
  }

  std::size_t meaning_ = none, reference_ = none;
};

}  // namespace

std::unique_ptr<Reader> e2e_reader(const std::filesystem::path& file) {
  return std::make_unique<E2eReader>(file);
}

std::unique_ptr<Reader> e2e_csv_reader(const std::filesystem::path& file) {
  return std::make_unique<E2eCsvReader>(file, std::make_unique<CsvRows>(file));
}

}  // namespace data::readers
