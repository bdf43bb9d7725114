#pragma once

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace data::scores {

using Words = std::vector<std::string>;

/// How many bytes the white space takes that stands at this place of a text in UTF-8: 0 for none.
/// It is white space in Unicode's sense, as for Perl and Python: a no-break space is.
std::size_t space_at(std::string_view text, std::size_t place);

/// The words between white space.
Words split(std::string_view text);

/// The text with a to z for A to Z.
std::string lower_case_ascii(std::string_view text);

/// The text in lower case: Latin letters to U+017E, Greek and Cyrillic ones; all else stays. Python
/// and Java also know rarer alphabets, a Σ at the end of a word, and a dotted İ.
std::string lower_case(std::string_view text);

}  // namespace data::scores
