#pragma once

#include <cstddef>
#include <cstdio>
#include <filesystem>
#include <memory>
#include <string>
#include <string_view>

namespace data::readers {

/// A file that is read from its start to its end, a block at a time.
class Blocks {
 public:
  /// Throws DataError.
  explicit Blocks(const std::filesystem::path& file);

  /// Appends the next block; false at the end. Throws DataError.
  bool append_to(std::string& bytes);

 private:
  struct Close {
    void operator()(std::FILE* file) const { std::fclose(file); }
  };
  std::string name_;
  std::unique_ptr<std::FILE, Close> file_;
};

/// What is wrong with a text, for a message, where it has a NUL or is not UTF-8: "byte 17 is not
/// UTF-8", counted from `first_byte`; otherwise nothing.
std::string fault_of(std::string_view text, std::size_t first_byte = 1);

/// Nothing but ASCII white space.
bool is_blank(std::string_view text);

/// Without the ASCII white space at its ends.
std::string_view trimmed(std::string_view text);

inline constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";

/// The longest line, or row of CSV, in bytes: what is not lines should not fill the memory.
inline constexpr std::size_t longest_line = std::size_t{64} << 20;

/// The lines of a file without their ends, LF or CR LF, which the last may lack, and without the
/// byte order mark that the first may have.
class Lines {
 public:
  explicit Lines(const std::filesystem::path& file) : file_(file), blocks_(file) {}

  /// The next line; false at the end. Throws DataError where it is too long, has a NUL, or is not
  /// UTF-8.
  bool next(std::string& line);

  /// Of the last line, from 1.
  std::size_t number() const { return number_; }

 private:
  std::filesystem::path file_;
  Blocks blocks_;
  std::string block_;
  std::size_t at_ = 0;  // in the block
  std::size_t number_ = 0;
};

}  // namespace data::readers
