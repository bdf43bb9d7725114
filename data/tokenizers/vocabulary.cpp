#include "data/tokenizers/vocabulary.h"

#include <fmt/format.h>

#include <algorithm>

#include "data/tokenizers/tokenizer.h"
#include "nn/files/json.h"

namespace data::tokenizers {

void TokenTable::add(const std::string& token, int id) {
  const auto [by_id, new_id] = tokens_.try_emplace(id, token);
  if (!new_id && by_id->second != token)
    throw TokenizerError(fmt::format("the tokens {} and {} have the same id {}",
                                     nn::printable(by_id->second), nn::printable(token), id));
  const auto [by_token, new_token] = ids_.try_emplace(token, id);
  if (!new_token && by_token->second != id)
    throw TokenizerError(fmt::format("the token {} has two ids, {} and {}", nn::printable(token),
                                     by_token->second, id));
  size_ = std::max(size_, id + 1);
}

std::optional<int> TokenTable::id(std::string_view token) const {
  const auto found = ids_.find(token);
  return found == ids_.end() ? std::nullopt : std::optional(found->second);
}

const std::string& TokenTable::token(int id) const {
  const auto found = tokens_.find(id);
  if (found == tokens_.end())
    throw TokenizerError(
        fmt::format("no token has the id {}; they are from 0 to {}", id, size_ - 1));
  return found->second;
}

}  // namespace data::tokenizers
