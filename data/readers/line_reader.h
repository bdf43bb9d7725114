#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "data/readers/lines.h"
#include "data/readers/reader.h"
#include "nn/files/json.h"

namespace data::readers {

/// "a", "b": for a message.
std::string listed(const std::vector<std::string>& names);

/// A file that has a record, or less, in a line.
class LineReader : public Reader {
 public:
  explicit LineReader(const std::filesystem::path& file) : Reader(file), lines_(file) {}

 protected:
  /// The next line that is not blank; those that are it skips. False at the end.
  bool next_line(std::string& line);

  /// The same as a JSON object. Throws DataError.
  bool next_object(nn::Json& object);

  /// A member that has to be there and to be a string. Throws DataError.
  std::string string_at(const nn::Json& object, const char* name) const;

  std::size_t line_number() const { return lines_.number(); }
  void skip_line(const std::string& reason) { skip(reason, line_number()); }
  [[noreturn]] void fail_here(std::string_view what) const { fail(line_number(), what); }

  Lines lines_;
};

}  // namespace data::readers
