#include "nn/files/json.h"

#include <fmt/format.h>

#include <set>
#include <vector>

namespace nn {

// Copying and printing a value recurse, so its depth must be bounded.
static constexpr int deepest = 8;

Json parse_json_object(std::string_view text) {
  std::vector<std::set<std::string>> keys(deepest + 1);  // of the open object of each depth
  const auto watch = [&](int depth, Json::parse_event_t event, Json& value) {
    if (depth >= deepest) throw JsonError(fmt::format("is nested deeper than {} levels", deepest));
    auto& known = keys[static_cast<std::size_t>(depth + 1)];
    if (event == Json::parse_event_t::object_start) known.clear();
    if (event == Json::parse_event_t::key) {
      const auto name = value.get<std::string>();
      if (!keys[static_cast<std::size_t>(depth)].insert(name).second)
        throw JsonError("has the member " + printable(name) + " twice");
    }
    return true;
  };
  Json object;
  try {
    object = Json::parse(text, watch);
  } catch (const Json::exception&) {
    throw JsonError("is not JSON");
  }
  if (!object.is_object()) throw JsonError("is not a JSON object");
  return object;
}

std::string shown(const Json& value) {
  const std::size_t longest = 100;
  const std::string text = value.dump(-1, ' ', true, Json::error_handler_t::replace);
  return text.size() > longest ? text.substr(0, longest) + "..." : text;
}

std::string printable(std::string_view name) {
  const std::size_t longest = 100;
  const Json whole = std::string(name.substr(0, longest));
  return whole.dump(-1, ' ', true, Json::error_handler_t::replace) +
         (name.size() > longest ? "..." : "");
}

}  // namespace nn
