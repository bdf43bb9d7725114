#include "data/readers/lines.h"

#include <fmt/format.h>

#include <algorithm>
#include <cerrno>
#include <system_error>

#include "data/readers/record.h"

namespace data::readers {
namespace {

constexpr std::size_t block_size = std::size_t{64} << 10;
constexpr std::string_view white_space = " \t\n\v\f\r";

[[noreturn]] void cannot_read(std::string_view name) {
  throw DataError(fmt::format("cannot read {}: {}", name, std::generic_category().message(errno)));
}

/// How many bytes the character has that a text begins with; 0 where it begins with none. The
/// well-formed sequences of the Unicode Standard, table 3-7: what the first byte says of the second
/// keeps out surrogates, what is above U+10FFFF, and characters in more bytes than they need.
std::size_t character_length(std::string_view text) {
  const auto byte = [&](std::size_t i) { return static_cast<unsigned char>(text[i]); };
  const unsigned first = byte(0);
  if (first < 0x80) return 1;
  if (first < 0xC2 || first > 0xF4) return 0;
  const std::size_t length = first < 0xE0 ? 2 : first < 0xF0 ? 3 : 4;
  if (text.size() < length) return 0;
  const unsigned lowest = first == 0xE0 ? 0xA0 : first == 0xF0 ? 0x90 : 0x80;
  const unsigned highest = first == 0xED ? 0x9F : first == 0xF4 ? 0x8F : 0xBF;
  if (byte(1) < lowest || byte(1) > highest) return 0;
  for (std::size_t i = 2; i < length; ++i)
    if ((byte(i) & 0xC0) != 0x80) return 0;
  return length;
}

}  // namespace

Blocks::Blocks(const std::filesystem::path& file)
    : name_(file.string()), file_(std::fopen(file.c_str(), "rb")) {
  if (file_ == nullptr) cannot_read(name_);
}

bool Blocks::append_to(std::string& bytes) {
  const std::size_t before = bytes.size();
  bytes.resize(before + block_size);
  const std::size_t got = std::fread(bytes.data() + before, 1, block_size, file_.get());
  if (got == 0 && std::ferror(file_.get()) != 0) cannot_read(name_);
  bytes.resize(before + got);
  return got > 0;
}

std::string fault_of(std::string_view text, std::size_t first_byte) {
  for (std::size_t i = 0; i < text.size();) {
    const std::size_t length = character_length(text.substr(i));
    if (text[i] == '\0') return fmt::format("byte {} is NUL", first_byte + i);
    if (length == 0) return fmt::format("byte {} is not UTF-8", first_byte + i);
    i += length;
  }
  return "";
}

bool is_blank(std::string_view text) {
  return text.find_first_not_of(white_space) == std::string_view::npos;
}

std::string_view trimmed(std::string_view text) {
  if (is_blank(text)) return {};
  text.remove_prefix(text.find_first_not_of(white_space));
  return text.substr(0, text.find_last_not_of(white_space) + 1);
}

bool Lines::next(std::string& line) {
  line.clear();
  for (bool begun = false, ended = false; !ended; begun = true) {
    if (at_ == block_.size()) {
      block_.clear();
      at_ = 0;
      if (!blocks_.append_to(block_)) {
        if (!begun) return false;
        break;
      }
    }
    const std::size_t end = std::min(block_.find('\n', at_), block_.size());
    line.append(block_, at_, end - at_);
    ended = end < block_.size();
    at_ = ended ? end + 1 : end;
    if (line.size() > longest_line)
      throw DataError(fmt::format("{}, line {}: it is longer than {} bytes", file_.string(),
                                  number_ + 1, longest_line));
  }
  ++number_;
  if (number_ == 1 && line.starts_with(byte_order_mark)) line.erase(0, byte_order_mark.size());
  if (line.ends_with('\r')) line.pop_back();
  if (const std::string fault = fault_of(line); !fault.empty())
    throw DataError(fmt::format("{}, line {}: {}", file_.string(), number_, fault));
  return true;
}

}  // namespace data::readers
