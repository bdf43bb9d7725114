#include "experiments/json_object.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>

namespace experiments {

void JsonObject::set_json(std::string_view name, std::string_view json) {
  if (!members_.empty()) members_ += ',';
  members_ += nlohmann::json(name).dump();
  members_ += ':';
  members_ += json;
}

void JsonObject::set(std::string_view name, std::string_view value) {
  set_json(name, nlohmann::json(value).dump());
}

void JsonObject::set(std::string_view name, double value) {
  if (std::isfinite(value))
    set_json(name, nlohmann::json(value).dump());
  else
    set(name, fmt::format("{}", value));
}

void JsonObject::set(std::string_view name, const std::vector<JsonObject>& values) {
  std::string list;
  for (const JsonObject& value : values) {
    if (!list.empty()) list += ',';
    list += value.text();
  }
  set_json(name, "[" + list + "]");
}

}  // namespace experiments
