#include "data/tokenizers/added_tokens.h"

#include <algorithm>

#include "data/tokenizers/settings.h"
#include "data/tokenizers/tokenizer.h"
#include "data/tokenizers/utf8.h"

namespace data::tokenizers {

void AddedTokens::add(const AddedToken& token) {
  if (token.content.empty()) throw TokenizerError("an added token is empty");
  Round& round = rounds_[token.normalized ? 1 : 0];
  round.tokens[token.content] = token;
  round.lengths[static_cast<unsigned char>(token.content[0])].insert(token.content.size());
}

const AddedToken* AddedTokens::Round::at(std::string_view text) const {
  for (const std::size_t length : lengths[static_cast<unsigned char>(text[0])]) {
    const auto found = tokens.find(text.substr(0, length));
    if (length <= text.size() && found != tokens.end()) return &found->second;
  }
  return nullptr;
}

void AddedTokens::Round::split(std::string_view text, std::vector<TextPart>& parts) const {
  std::size_t done = 0;
  const auto text_until = [&](std::size_t end) {
    if (end > done) parts.push_back({text.substr(done, end - done), std::nullopt});
  };
  for (std::size_t i = 0; i < text.size();) {
    const AddedToken* token = at(text.substr(i));
    if (token == nullptr) {
      ++i;
      continue;
    }
    std::size_t begin = i, end = i + token->content.size();
    if (token->strips_left) begin = done + without_space_at_end(text.substr(done, i - done)).size();
    if (token->strips_right) end = text.size() - without_space_at_start(text.substr(end)).size();
    text_until(begin);
    parts.push_back({text.substr(begin, end - begin), token->id});
    done = i = end;
  }
  text_until(text.size());
}

std::vector<TextPart> AddedTokens::parts(std::string_view text) const {
  std::vector<TextPart> parts{{text, std::nullopt}};
  for (const Round& round : rounds_) {
    std::vector<TextPart> finer;
    for (const TextPart& part : parts) {
      if (part.id)
        finer.push_back(part);
      else
        round.split(part.text, finer);
    }
    parts = std::move(finer);
  }
  return parts;
}

std::set<int> AddedTokens::special_ids() const {
  std::set<int> ids;
  for (const Round& round : rounds_)
    for (const auto& [content, token] : round.tokens)
      if (token.special) ids.insert(token.id);
  return ids;
}

AddedToken added_token_from(const nlohmann::json& value, const std::string& name) {
  Settings settings(value, name);
  AddedToken token;
  token.content = settings.text("content");
  token.special = settings.flag("special", false);
  token.strips_left = settings.flag("lstrip", false);
  token.strips_right = settings.flag("rstrip", false);
  token.normalized = settings.flag("normalized", !token.special);
  settings.only("single_word", false);
  settings.ignore({"id", "__type"});
  settings.finish();
  return token;
}

}  // namespace data::tokenizers
