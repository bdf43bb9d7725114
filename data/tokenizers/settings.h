#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>

namespace data::tokenizers {

/// An object of a file with settings, every member of which must be asked for: one that is not is
/// not understood, and might change ids. Only for source files. `path` names the object in
/// messages, as "model"; it is empty for the whole file. All functions throw TokenizerError, and
/// all but `need` take a null for a member that is not there.
class Settings {
 public:
  Settings(const nlohmann::json& object, std::string path);

  /// The member, or null.
  const nlohmann::json* find(const char* name);
  const nlohmann::json& need(const char* name);

  bool flag(const char* name, bool otherwise);
  std::string text(const char* name);
  int id(const char* name);
  Settings object(const char* name);

  /// A member whose value must be this one, where it is there.
  void only(const char* name, const nlohmann::json& value);
  /// Members that change nothing here.
  void ignore(std::initializer_list<const char*> names);
  /// Refuses by its name the first member that nobody has asked for. null and the like ask for
  /// nothing.
  void finish() const;

  /// The object itself.
  const nlohmann::json& whole() const { return *object_; }

  [[noreturn]] void refuse(const char* name, std::string_view wanted) const;
  /// "model.dropout", for messages.
  std::string path_of(std::string_view name) const;

 private:
  const nlohmann::json* object_;
  std::string path_;
  std::set<std::string, std::less<>> asked_;
};

/// The object that the text of a file is, of up to a million members: no vocabulary has more.
/// Throws TokenizerError.
nlohmann::json parse_object(std::string_view text);

/// Whether a value may be an id: a whole number from 0.
bool is_id(const nlohmann::json& value);
/// The id; throws TokenizerError, which names it, where it is none.
int id_from(const nlohmann::json& value, std::string_view name);

/// A string; throws TokenizerError, which names it.
const std::string& string_from(const nlohmann::json& value, std::string_view name);

/// A value for a message: on one line, in ASCII, not too long.
std::string shown(const nlohmann::json& value);

}  // namespace data::tokenizers
