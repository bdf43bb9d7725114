#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "data/readers/record.h"

namespace data::readers {

/// A string of a record under the name that one's own files have for it.
struct NamedString {
  const char* name;
  std::string Record::*string;
};

/// A kind of record with the names that a file of it has.
struct Shape {
  RecordKind kind;
  std::span<const NamedString> strings;
};

/// The shape with exactly those of the names that any shape has; other names mean nothing. Null
/// where there is none.
const Shape* shape_of(const std::vector<std::string>& names);

/// The names of a shape, and of all: "prompt and completion", for a message.
std::string names_of(const Shape& shape);
std::string shapes_text();

/// Why the strings make no record, "text is empty"; empty where they do.
std::string missing(const Shape& shape, const Record& record);

}  // namespace data::readers
