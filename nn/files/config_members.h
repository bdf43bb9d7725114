#pragma once

#include <fmt/format.h>

#include <string_view>
#include <utility>

#include "nn/files/checkpoint.h"
#include "nn/files/json.h"

namespace nn::inline LOWRANK_PRECISION {

/// The members of a configuration's JSON, taken one after the other; what is left over is unknown.
/// Only for source files. Everything throws CheckpointError naming the member.
class ConfigMembers {
 public:
  explicit ConfigMembers(std::string_view text) {
    try {
      object_ = parse_json_object(text);
    } catch (const std::invalid_argument& error) {
      throw CheckpointError(fmt::format("the configuration {}", error.what()));
    }
  }

  bool has(const char* name) const { return object_.contains(name); }

  void take(const char* name, Index& value) {
    const Json member = take(name);
    const bool fits = member.is_number_unsigned()
                          ? std::in_range<Index>(member.get<std::uint64_t>())
                          : member.is_number_integer();
    if (!fits) wrong(name, member, "a whole number below 2^63");
    value = member.get<Index>();
  }
  void take(const char* name, double& value) {
    const Json member = take(name);
    if (!member.is_number()) wrong(name, member, "a number");
    value = member.get<double>();
  }
  void take(const char* name, bool& value) {
    const Json member = take(name);
    if (!member.is_boolean()) wrong(name, member, "true or false");
    value = member.get<bool>();
  }
  /// One of two words; true for the first.
  bool take_first_of(const char* name, std::string_view first, std::string_view second) {
    const Json member = take(name);
    if (member != first && member != second)
      wrong(name, member, fmt::format("\"{}\" or \"{}\"", first, second));
    return member == first;
  }

  void finish() const {
    if (!object_.empty())
      throw CheckpointError("the configuration has the unknown member " +
                            printable(object_.begin().key()));
  }

 private:
  Json take(const char* name) {
    const auto found = object_.find(name);
    if (found == object_.end())
      throw CheckpointError(fmt::format("the configuration has no \"{}\"", name));
    Json member = std::move(*found);
    object_.erase(found);
    return member;
  }

  [[noreturn]] static void wrong(const char* name, const Json& member, std::string_view wanted) {
    throw CheckpointError(
        fmt::format("\"{}\" of the configuration must be {}, not {}", name, wanted, shown(member)));
  }

  Json object_;
};

/// The configuration, which validate() takes. Throws CheckpointError where it makes no model.
template <class Config>
Config valid(Config config) {
  try {
    validate(config);
  } catch (const std::invalid_argument& error) {
    throw CheckpointError(fmt::format("the configuration makes no model: {}", error.what()));
  }
  return config;
}

}  // namespace nn::inline LOWRANK_PRECISION
