#pragma once

#include <functional>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>

namespace data::tokenizers {

/// A hash table whose keys are looked up without making a string of them.
struct TextHash {
  using is_transparent = void;
  std::size_t operator()(std::string_view text) const {
    return std::hash<std::string_view>{}(text);
  }
};
template <class Value>
using TextTable = std::unordered_map<std::string, Value, TextHash, std::equal_to<>>;

/// Tokens and their ids, each of which has one of the other.
class TokenTable {
 public:
  /// Throws TokenizerError where the token has another id, or the id another token. Ids are from 0
  /// to 2³¹ - 2.
  void add(const std::string& token, int id);

  std::optional<int> id(std::string_view token) const;
  /// Throws TokenizerError where nothing has such an id.
  const std::string& token(int id) const;

  /// One more than the largest id: there may be ids that nothing has.
  int size() const { return size_; }
  const TextTable<int>& ids() const { return ids_; }

 private:
  TextTable<int> ids_;
  std::unordered_map<int, std::string> tokens_;  // no array: a file may say any id
  int size_ = 0;
};

}  // namespace data::tokenizers
