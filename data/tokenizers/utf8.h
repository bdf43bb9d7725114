#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace data::tokenizers {

/// Throws TokenizerError "byte 17 is not UTF-8" for the first byte that is not, counted from 1.
void require_utf8(std::string_view text);

/// The lines of a file without their ends, LF or CR LF. Throws TokenizerError where it is not UTF-8.
std::vector<std::string_view> lines_of(std::string_view text);

/// The bytes with U+FFFD for each longest part of a character that is not finished, and for each
/// other byte that is not UTF-8: what Unicode recommends (section 3.9), Python and Rust do.
std::string well_formed(std::string bytes);

/// The code points of a text that is UTF-8, and back.
std::u32string code_points(std::string_view text);
std::string utf8(std::u32string_view text);

/// Unicode's White_Space.
bool is_white_space(char32_t c);

/// A text that is UTF-8 without the white space that it begins, or ends, with.
std::string_view without_space_at_start(std::string_view text);
std::string_view without_space_at_end(std::string_view text);

}  // namespace data::tokenizers
