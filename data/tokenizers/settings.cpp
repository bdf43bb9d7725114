#include "data/tokenizers/settings.h"

#include <fmt/format.h>

#include <limits>

#include "data/tokenizers/tokenizer.h"
#include "nn/files/json.h"

namespace data::tokenizers {

std::string shown(const nlohmann::json& value) {
  if (value.is_structured())
    return fmt::format("{} with {} members", value.is_object() ? "an object" : "a list",
                       value.size());
  return value.is_string() ? nn::printable(value.get_ref<const std::string&>()) : value.dump();
}

nlohmann::json parse_object(std::string_view text) {
  try {
    return nn::parse_large_json_object(text, 1'000'000);
  } catch (const nn::JsonError& error) {
    throw TokenizerError(fmt::format("it {}", error.what()));
  }
}

bool is_id(const nlohmann::json& value) {
  const int largest = std::numeric_limits<int>::max() - 1;  // so that size() is an int too
  return nn::is_whole<int>(value) && value >= 0 && value <= largest;
}

int id_from(const nlohmann::json& value, std::string_view name) {
  if (!is_id(value))
    throw TokenizerError(fmt::format("{} is {}, where an id is wanted", name, shown(value)));
  return value.get<int>();
}

const std::string& string_from(const nlohmann::json& value, std::string_view name) {
  if (!value.is_string())
    throw TokenizerError(fmt::format("{} is {}, where a string is wanted", name, shown(value)));
  return value.get_ref<const std::string&>();
}

Settings::Settings(const nlohmann::json& object, std::string path)
    : object_(&object), path_(std::move(path)) {
  if (!object.is_object())
    throw TokenizerError(fmt::format("{} is {}, where an object is wanted",
                                     path_.empty() ? "it" : path_, shown(object)));
}

std::string Settings::path_of(std::string_view name) const {
  return nn::plain(path_.empty() ? std::string(name) : fmt::format("{}.{}", path_, name));
}

const nlohmann::json* Settings::find(const char* name) {
  asked_.insert(name);
  const auto found = object_->find(name);
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

const nlohmann::json& Settings::need(const char* name) {
  const nlohmann::json* found = find(name);
  if (found == nullptr) throw TokenizerError(fmt::format("there is no {}", path_of(name)));
  return *found;
}

void Settings::refuse(const char* name, std::string_view wanted) const {
  throw TokenizerError(fmt::format("{} is {}, and only {} is supported", path_of(name),
                                   shown(object_->at(name)), wanted));
}

bool Settings::flag(const char* name, bool otherwise) {
  const nlohmann::json* found = find(name);
  if (found == nullptr) return otherwise;
  if (!found->is_boolean()) refuse(name, "true or false");
  return found->get<bool>();
}

std::string Settings::text(const char* name) { return string_from(need(name), path_of(name)); }

int Settings::id(const char* name) { return id_from(need(name), path_of(name)); }

Settings Settings::object(const char* name) { return {need(name), path_of(name)}; }

void Settings::only(const char* name, const nlohmann::json& value) {
  const nlohmann::json* found = find(name);
  if (found != nullptr && *found != value) refuse(name, value.dump());
}

void Settings::ignore(std::initializer_list<const char*> names) {
  for (const char* name : names) asked_.insert(name);
}

void Settings::finish() const {
  for (const auto& [name, value] : object_->items())
    if (!asked_.contains(name) && !value.is_null())
      throw TokenizerError(
          fmt::format("{} is {}, which is not supported", path_of(name), shown(value)));
}

}  // namespace data::tokenizers
