#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizers/added_tokens.h"

namespace data::tokenizers {

/// What we read of a tokenizer_config.json, which has more members that only inform. Only for
/// source files. Throws TokenizerError.
class Config {
 public:
  /// An empty text is a configuration that says nothing.
  explicit Config(std::string_view text);

  /// "tokenizer_class" without its "Fast", or `otherwise`.
  std::string tokenizer_class(const std::string& otherwise) const;
  bool flag(const char* name, bool otherwise) const;
  std::optional<bool> flag(const char* name) const;
  /// A special token, "cls_token" and the like, still without its id: a string, or an object with
  /// "content" that may say what white space goes with it.
  AddedToken token(const char* name, const std::string& otherwise) const;
  /// Throws unless the member is this value, null or not there.
  void only(const char* name, const nlohmann::json& value) const;
  /// Those of "added_tokens_decoder", which join the vocabulary; without it the usual ones that the
  /// vocabulary has, with their ids.
  std::vector<AddedToken> special_tokens(std::vector<AddedToken> usual,
                                         TokenTable& vocabulary) const;

 private:
  std::optional<std::vector<AddedToken>> added_tokens() const;
  const nlohmann::json* find(const char* name) const;

  nlohmann::json object_;
};

}  // namespace data::tokenizers
