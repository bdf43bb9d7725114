#include "nn/files/json.h"

#include <fmt/format.h>

#include <cmath>
#include <set>
#include <vector>

namespace nn {

// Copying and printing a value recurse, so its depth must be bounded; an object of Json looks each
// new member up among all it has, so their number must be too.
static constexpr int deepest = 8;
static constexpr std::size_t usual_most_members = 4096, largest_most_members = 1'000'000;

template <class Value>
static Value parse_bounded(std::string_view text, std::size_t most_members) {
  std::vector<std::set<std::string>> keys(deepest + 1);  // of the open object of each depth
  const auto watch = [&](int depth, typename Value::parse_event_t event, Value& value) {
    if (depth >= deepest) throw JsonError(fmt::format("is nested deeper than {} levels", deepest));
    auto& known = keys[static_cast<std::size_t>(depth + 1)];
    if (event == Value::parse_event_t::object_start) known.clear();
    if (event == Value::parse_event_t::key) {
      const auto name = value.template get<std::string>();
      auto& own = keys[static_cast<std::size_t>(depth)];
      if (!own.insert(name).second) throw JsonError("has the member " + printable(name) + " twice");
      if (own.size() > most_members)
        throw JsonError(fmt::format("has an object of more than {} members", most_members));
    }
    return true;
  };
  try {
    return Value::parse(text, watch);
  } catch (const typename Value::exception&) {
    throw JsonError("is not JSON");
  }
}

Json parse_json(std::string_view text) { return parse_bounded<Json>(text, usual_most_members); }

Json parse_json_object(std::string_view text) {
  Json object = parse_json(text);
  if (!object.is_object()) throw JsonError("is not a JSON object");
  return object;
}

nlohmann::json parse_large_json_object(std::string_view text, std::size_t most_members) {
  if (most_members > largest_most_members)
    throw std::invalid_argument(
        fmt::format("an object has at most {} members", largest_most_members));
  nlohmann::json object = parse_bounded<nlohmann::json>(text, most_members);
  if (!object.is_object()) throw JsonError("is not a JSON object");
  return object;
}

std::string shown(const Json& value) {
  const std::size_t longest = 100;
  const std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  return text.size() > longest ? text.substr(0, longest) + "..." : text;
}

Json number_json(double x) {
  if (std::isnan(x)) return "nan";  // whatever its sign
  if (std::isinf(x)) return x > 0 ? "inf" : "-inf";
  return x;
}

std::string text_of(const Json& value) {
  return value.dump(-1, ' ', false, Json::error_handler_t::replace);
}

std::string text_of(const nlohmann::json& value) {
  return value.dump(-1, ' ', false, nlohmann::json::error_handler_t::replace);
}

// A JSON string: in double quotes, with escapes for what is not printable ASCII.
static std::string quoted(std::string_view text) {
  return Json(std::string(text)).dump(-1, ' ', true, Json::error_handler_t::replace);
}

std::string printable(std::string_view name) {
  const std::size_t longest = 100;
  return quoted(name.substr(0, longest)) + (name.size() > longest ? "..." : "");
}

std::string plain(std::string_view text) {
  const std::string whole = quoted(text);
  return whole.substr(1, whole.size() - 2);
}

}  // namespace nn
