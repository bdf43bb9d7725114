#include "data/readers/shapes.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "data/readers/lines.h"

namespace data::readers {
namespace {

constexpr NamedString completion[] = {{"prompt", &Record::prompt},
                                      {"completion", &Record::completion}};
constexpr NamedString labelled_text[] = {{"text", &Record::text}, {"label", &Record::label}};
constexpr NamedString labelled_pair[] = {
    {"text_a", &Record::text}, {"text_b", &Record::second_text}, {"label", &Record::label}};
constexpr NamedString language[] = {{"text", &Record::text}};

constexpr Shape shapes[] = {{RecordKind::completion, completion},
                            {RecordKind::labelled_text, labelled_text},
                            {RecordKind::labelled_pair, labelled_pair},
                            {RecordKind::text, language}};

bool has(const std::vector<std::string>& names, std::string_view name) {
  return std::find(names.begin(), names.end(), name) != names.end();
}

bool has(const Shape& shape, std::string_view name) {
  return std::any_of(shape.strings.begin(), shape.strings.end(),
                     [&](const NamedString& string) { return string.name == name; });
}

}  // namespace

const Shape* shape_of(const std::vector<std::string>& names) {
  // A shape fits where each name of any shape is one of its own just if it is there.
  const auto fits = [&](const Shape& shape) {
    for (const Shape& other : shapes)
      for (const NamedString& string : other.strings)
        if (has(names, string.name) != has(shape, string.name)) return false;
    return true;
  };
  const auto found = std::find_if(std::begin(shapes), std::end(shapes), fits);
  return found == std::end(shapes) ? nullptr : found;
}

std::string names_of(const Shape& shape) {
  std::string text;
  for (std::size_t i = 0; i < shape.strings.size(); ++i)
    text += fmt::format("{}{}",
                        i == 0                         ? ""
                        : i + 1 < shape.strings.size() ? ", "
                                                       : " and ",
                        shape.strings[i].name);
  return text;
}

std::string shapes_text() {
  std::vector<std::string> all;
  for (const Shape& shape : shapes) all.push_back(names_of(shape));
  return fmt::format("{}", fmt::join(all, ", or "));
}

std::string missing(const Shape& shape, const Record& record) {
  for (const NamedString& string : shape.strings)
    if (is_blank(record.*string.string)) return std::string(string.name) + " is empty";
  return "";
}

}  // namespace data::readers
