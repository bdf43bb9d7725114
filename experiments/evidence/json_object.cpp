#include "experiments/evidence/json_object.h"

#include "nn/files/json.h"

namespace experiments::evidence {

void JsonObject::set_json(std::string_view name, std::string_view json) {
  if (!members_.empty()) members_ += ',';
  members_ += nn::text_of(nlohmann::json(name));
  members_ += ':';
  members_ += json;
}

void JsonObject::set(std::string_view name, std::string_view value) {
  set_json(name, nn::text_of(nlohmann::json(value)));
}

void JsonObject::set(std::string_view name, double value) {
  set_json(name, nn::text_of(nn::number_json(value)));
}

void JsonObject::set(std::string_view name, const std::vector<JsonObject>& values) {
  std::string list;
  for (const JsonObject& value : values) {
    if (!list.empty()) list += ',';
    list += value.text();
  }
  set_json(name, "[" + list + "]");
}

void JsonObject::set(std::string_view name, const std::vector<std::string>& values) {
  set_json(name, nn::text_of(nlohmann::json(values)));
}

std::string JsonObject::printed() const {
  JsonObject whole;
  whole.set("format", 1);
  if (!members_.empty()) whole.members_ += "," + members_;
  return whole.text() + "\n";
}

}  // namespace experiments::evidence
