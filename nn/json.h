#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <string_view>

/// JSON from files that others may have written, read strictly. Only for source files: it includes
/// the whole JSON library.
namespace nn {

/// Objects that keep the order of their members.
using Json = nlohmann::ordered_json;

/// An object of at most eight levels, in which no key stands twice. Throws std::invalid_argument,
/// whose message continues "the configuration ...".
Json parse_json_object(std::string_view text);

/// A value for a message: on one line, in ASCII, not too long.
std::string shown(const Json& value);

}  // namespace nn
