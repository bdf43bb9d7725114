#pragma once

#include <optional>
#include <string_view>

namespace nn {

/// The number that the whole text is, as C writes it in every locale; nothing where it is none or
/// does not fit.
std::optional<long> read_whole(std::string_view text);
std::optional<double> read_number(std::string_view text);  ///< also inf and nan

}  // namespace nn
