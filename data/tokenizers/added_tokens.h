#pragma once

#include <array>
#include <nlohmann/json_fwd.hpp>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "data/tokenizers/vocabulary.h"

namespace data::tokenizers {

/// A token that is found in a text as it stands, before anything else looks at it.
struct AddedToken {
  std::string content;
  int id = 0;
  bool special = true;                             ///< whether it may be left out of a decoded text
  bool strips_left = false, strips_right = false;  ///< white space beside it goes with it
  bool normalized = false;                         ///< looked for after those that are not
};

/// A part of a text: an added token, or what is between two.
struct TextPart {
  std::string_view text;
  std::optional<int> id;
};

class AddedTokens {
 public:
  void add(const AddedToken& token);

  /// The parts of a text, none of which is empty. Where several tokens begin at one place, the
  /// longest is taken.
  std::vector<TextPart> parts(std::string_view text) const;

  std::set<int> special_ids() const;

 private:
  /// Tokens of one round, by their text.
  struct Round {
    TextTable<AddedToken> tokens;
    /// How long those are that begin with a byte, the longest first.
    std::array<std::set<std::size_t, std::greater<>>, 256> lengths;

    const AddedToken* at(std::string_view text) const;
    void split(std::string_view text, std::vector<TextPart>& parts) const;
  };
  std::array<Round, 2> rounds_;  // those that are not normalized, then the others
};

/// An element of tokenizer.json's "added_tokens" or a member of tokenizer_config.json's
/// "added_tokens_decoder", without its id, which is elsewhere. `name` is for messages. Throws
/// TokenizerError.
AddedToken added_token_from(const nlohmann::json& value, const std::string& name);

}  // namespace data::tokenizers
