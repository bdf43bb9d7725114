#include "data/tokenizers/config.h"

#include <fmt/format.h>

#include <charconv>

#include "data/tokenizers/settings.h"
#include "data/tokenizers/tokenizer.h"
#include "nn/files/json.h"

namespace data::tokenizers {

Config::Config(std::string_view text)
    : object_(text.empty() ? nlohmann::json::object() : parse_object(text)) {}

const nlohmann::json* Config::find(const char* name) const {
  const auto found = object_.find(name);
  return found == object_.end() || found->is_null() ? nullptr : &*found;
}

std::string Config::tokenizer_class(const std::string& otherwise) const {
  const nlohmann::json* found = find("tokenizer_class");
  if (found == nullptr) return otherwise;
  std::string name = string_from(*found, "tokenizer_class");
  if (name.ends_with("Fast")) name.resize(name.size() - 4);
  return name;
}

std::optional<bool> Config::flag(const char* name) const {
  const nlohmann::json* found = find(name);
  if (found == nullptr) return std::nullopt;
  if (!found->is_boolean())
    throw TokenizerError(
        fmt::format("{} is {}, where true or false is wanted", name, shown(*found)));
  return found->get<bool>();
}

bool Config::flag(const char* name, bool otherwise) const { return flag(name).value_or(otherwise); }

AddedToken Config::token(const char* name, const std::string& otherwise) const {
  const nlohmann::json* found = find(name);
  if (found == nullptr) return {.content = otherwise};
  if (!found->is_object()) return {.content = string_from(*found, name)};
  AddedToken token = added_token_from(*found, name);
  token.special = true;
  token.normalized = false;
  return token;
}

void Config::only(const char* name, const nlohmann::json& value) const {
  const nlohmann::json* found = find(name);
  if (found != nullptr && *found != value)
    throw TokenizerError(
        fmt::format("{} is {}, and only {} is supported", name, shown(*found), value.dump()));
}

std::vector<AddedToken> Config::special_tokens(std::vector<AddedToken> usual,
                                               TokenTable& vocabulary) const {
  if (const auto added = added_tokens()) {
    for (const AddedToken& token : *added) vocabulary.add(token.content, token.id);
    return *added;
  }
  std::vector<AddedToken> there;
  for (AddedToken& token : usual)
    if (const auto id = vocabulary.id(token.content)) {
      token.id = *id;
      there.push_back(std::move(token));
    }
  return there;
}

std::optional<std::vector<AddedToken>> Config::added_tokens() const {
  const nlohmann::json* found = find("added_tokens_decoder");
  if (found == nullptr) return std::nullopt;
  if (!found->is_object())
    throw TokenizerError(
        fmt::format("added_tokens_decoder is {}, where an object is wanted", shown(*found)));
  std::vector<AddedToken> tokens;
  for (const auto& [name, value] : found->items()) {
    int id = -1;
    const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), id);
    if (error != std::errc() || end != name.data() + name.size() || id < 0)
      throw TokenizerError(
          fmt::format("added_tokens_decoder has {}, where an id is wanted", nn::printable(name)));
    tokens.push_back(added_token_from(value, fmt::format("the added token {}", id)));
    tokens.back().id = id_from(id, "added_tokens_decoder");
  }
  return tokens;
}

}  // namespace data::tokenizers
