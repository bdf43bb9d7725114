#pragma once

#include <string>
#include <vector>

#include "experiments/namespaces.h"

namespace experiments::evidence {

/// Of UTF-8: not bytes.
std::size_t characters(const std::string& text);

/// `first` and then the words of `text`, in lines of at most `columns` characters (not bytes) of
/// UTF-8 that continue at column `indent`.
std::string wrapped(const std::string& first, std::size_t indent, const std::string& text,
                    std::size_t columns = 100);

/// The text as one word of a shell: as it is where that is enough, otherwise in single quotes. A
/// command that is printed can then be pasted.
std::string shell_word(const std::string& text);

/// "a,b" -> {"a","b"}; "" -> {""}.
std::vector<std::string> split_at_commas(const std::string& text);

/// "37.7 MB": three digits and the unit, a power of 1000.
std::string bytes_text(double bytes);

}  // namespace experiments::evidence
