#pragma once

#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>

/// JSON from files that others may have written, read strictly. Only for source files: it includes
/// the whole JSON library. It knows nothing of models, and is a library of its own that `data` may
/// use too.
namespace nn {

/// Objects that keep the order of their members.
using Json = nlohmann::ordered_json;

/// A text that is not what parse_json_object takes; the message continues "the configuration ...".
struct JsonError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// An object of at most eight levels, in which no key stands twice. Throws JsonError.
Json parse_json_object(std::string_view text);

/// A value for a message: on one line, in ASCII, not too long.
std::string shown(const Json& value);

/// A name for a message: in double quotes, on one line, in ASCII, not too long.
std::string printable(std::string_view name);

}  // namespace nn
