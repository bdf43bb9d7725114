#pragma once

#include <concepts>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>

/// JSON from files that others may have written, read strictly. Only for source files: it includes
/// the whole JSON library. It knows nothing of models, and is a library of its own that `data` may
/// use too.
namespace nn {

/// Objects that keep the order of their members.
using Json = nlohmann::ordered_json;

/// A text that is not what parse_json takes; the message continues "the configuration ...".
struct JsonError : std::invalid_argument {
  using std::invalid_argument::invalid_argument;
};

/// A value of at most eight levels, whose objects have at most 4096 members and no key twice: what
/// a stranger wrote takes neither the stack nor hours. Throws JsonError.
Json parse_json(std::string_view text);

/// The same, and it must be an object.
Json parse_json_object(std::string_view text);

/// An object, as above but for the number of members of each object in it, which is at most
/// `most_members`, and that at most a million: a vocabulary has tens of thousands. These objects
/// sort their members and find one quickly; Json looks through all it has, which would take such a
/// file seconds and one of a million members an hour. Throws JsonError.
nlohmann::json parse_large_json_object(std::string_view text, std::size_t most_members);

/// A value for a message: on one line, in ASCII, not too long.
std::string shown(const Json& value);

/// A name for a message: in double quotes, on one line, in ASCII, not too long.
std::string printable(std::string_view name);

/// A text for a message: on one line, in ASCII, whole.
std::string plain(std::string_view text);

/// Whether a value is a whole number that Integer holds: get<Integer>() would cast whatever it is.
template <std::integral Integer>
bool is_whole(const auto& value) {
  if (value.is_number_unsigned())
    return std::in_range<Integer>(value.template get<std::uint64_t>());
  return value.is_number_integer() && std::in_range<Integer>(value.template get<std::int64_t>());
}

/// The member `name` of an object, a whole number from 0 that Integer holds. Throws JsonError where
/// it is something else or not there.
template <std::integral Integer>
Integer count_at(const auto& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) throw JsonError(std::string("there is no \"") + name + "\"");
  if (!is_whole<Integer>(*found) || *found < 0)
    throw JsonError(std::string("\"") + name + "\" is " + shown(*found) +
                    ", where a count is wanted");
  return found->template get<Integer>();
}

/// A number; JSON has no NaN and no infinities, which become the strings "nan", "inf" and "-inf".
Json number_json(double x);

/// A value as JSON text, on one line. What is not UTF-8 in its strings, as in a path of another
/// encoding, becomes U+FFFD rather than an error.
std::string text_of(const Json& value);
std::string text_of(const nlohmann::json& value);

}  // namespace nn
