#pragma once

#include <concepts>
#include <string>
#include <string_view>
#include <vector>

#include "experiments/namespaces.h"

namespace experiments::evidence {

/// A JSON object to print. Its members stay in the order in which they are set. JSON has no NaN and
/// no infinities: these become the strings "nan", "inf" and "-inf". This header is cheap to
/// include, unlike that of the JSON library, which reads files.
class JsonObject {
 public:
  void set(std::string_view name, std::string_view value);
  void set(std::string_view name, double value);
  void set(std::string_view name, const JsonObject& value) { set_json(name, value.text()); }
  void set(std::string_view name, const std::vector<JsonObject>& values);
  void set(std::string_view name, const std::vector<std::string>& values);
  void set(std::string_view name, std::integral auto value) {
    if constexpr (std::same_as<decltype(value), bool>)
      set_json(name, value ? "true" : "false");
    else
      set_json(name, std::to_string(value));
  }
  /// A value that is JSON text already.
  void set_json(std::string_view name, std::string_view json);

  std::string text() const { return "{" + members_ + "}"; }

  /// The object as a command prints it for --json: its first member, "format", is the version of
  /// what the commands print so.
  std::string printed() const;

 private:
  std::string members_;
};

}  // namespace experiments::evidence
