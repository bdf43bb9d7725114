#include "data/tokenizers/wordpiece.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "data/tokenizers/added_tokens.h"
#include "data/tokenizers/config.h"
#include "data/tokenizers/in_file.h"
#include "data/tokenizers/utf8.h"
#include "data/tokenizers/vocabulary.h"
#include "nn/files/json.h"

namespace data::tokenizers {
namespace {

constexpr std::size_t longest_word = 100;     // of characters; a longer one is unknown
constexpr std::string_view continued = "##";  // begins a token that is not the first of its word

struct WordPieceModel {
  TokenTable tokens;
  int unknown = 0;
  BertNormalization how;
  AddedTokens added;
  Template frame;
};

class WordPiece : public Tokenizer {
 public:
  explicit WordPiece(WordPieceModel model)
      : Tokenizer(model.frame, model.added.special_ids(), Special::without),
        model_(std::move(model)) {}

  int size() const override { return model_.tokens.size(); }
  std::optional<int> id_of(std::string_view token) const override {
    return model_.tokens.id(token);
  }

 private:
  std::vector<int> text_ids(std::string_view text) const override {
    std::vector<int> ids;
    for (const TextPart& part : model_.added.parts(text)) {
      if (part.id)
        ids.push_back(*part.id);
      else
        for (const std::u32string& word : bert_words(part.text, model_.how)) append_word(word, ids);
    }
    return ids;
  }

  // The longest token that the word begins with, then the longest that goes on, and so on. Where
  // there is none the whole word is unknown.
  void append_word(const std::u32string& word, std::vector<int>& ids) const {
    if (word.size() > longest_word) return ids.push_back(model_.unknown);
    const std::size_t before = ids.size();
    for (std::size_t begin = 0; begin < word.size();) {
      std::size_t end = word.size() + 1;
      std::optional<int> id;
      while (!id && end > begin + 1) {
        const std::string piece = utf8(std::u32string_view(word).substr(begin, --end - begin));
        id = model_.tokens.id(begin == 0 ? piece : std::string(continued) + piece);
      }
      if (!id) {
        ids.resize(before);
        return ids.push_back(model_.unknown);
      }
      ids.push_back(*id);
      begin = end;
    }
  }

  std::string text_of(std::span<const int> ids) const override {
    std::string text;
    for (std::size_t i = 0; i < ids.size(); ++i) {
      std::string_view token = model_.tokens.token(ids[i]);
      const bool continues = i > 0 && token.starts_with(continued);
      if (continues) token.remove_prefix(continued.size());
      text += tidied(i == 0 || continues ? std::string(token) : ' ' + std::string(token));
    }
    return text;
  }

  /// Without the space that no one writes before such a sign.
  static std::string tidied(std::string token) {
    for (const std::string_view sign :
         {" .", " ?", " !", " ,", " n't", " 'm", " 's", " 've", " 're"})
      for (std::size_t at = token.find(sign); at != std::string::npos; at = token.find(sign, at))
        token.erase(at, 1);
    return token;
  }

  WordPieceModel model_;
};

void read_lines(std::string_view text, WordPieceModel& model) {
  int id = 0;
  for (const std::string_view line : lines_of(text)) model.tokens.add(std::string(line), id++);
}

int need_special(const WordPieceModel& model, const std::string& token) {
  const auto id = model.tokens.id(token);
  if (!id) throw TokenizerError(fmt::format("there is no token {}", nn::printable(token)));
  return *id;
}

void read_normalization(const Config& config, WordPieceModel& model) {
  const std::string name = config.tokenizer_class("BertTokenizer");
  const std::array known{"BertTokenizer", "DistilBertTokenizer", "ElectraTokenizer",
                         "MobileBertTokenizer"};
  if (std::find(known.begin(), known.end(), name) == known.end())
    throw TokenizerError(fmt::format(
        "tokenizer_class is {}; with vocab.txt BertTokenizer is supported", nn::printable(name)));
  config.only("do_basic_tokenize", true);
  config.only("never_split", nullptr);
  model.how.lower_case = config.flag("do_lower_case", true);
  model.how.strip_accents = config.flag("strip_accents").value_or(model.how.lower_case);
  model.how.space_around_cjk = config.flag("tokenize_chinese_chars", true);
}

void read_special_tokens(const Config& config, WordPieceModel& model) {
  std::vector<AddedToken> specials{
      config.token("unk_token", "[UNK]"), config.token("cls_token", "[CLS]"),
      config.token("sep_token", "[SEP]"), config.token("pad_token", "[PAD]"),
      config.token("mask_token", "[MASK]")};
  model.unknown = need_special(model, specials[0].content);
  const int cls = need_special(model, specials[1].content);
  model.frame = bert_template(cls, need_special(model, specials[2].content));
  for (const AddedToken& token : config.special_tokens(std::move(specials), model.tokens)) {
    if (token.normalized)
      throw TokenizerError(fmt::format(
          "the added token {} is looked for in the normalized text, which is not supported",
          nn::printable(token.content)));
    model.added.add(token);
  }
}

}  // namespace

std::unique_ptr<Tokenizer> parse_wordpiece(std::string_view vocabulary, std::string_view config) {
  WordPieceModel model;
  in_file("vocab.txt", [&] { read_lines(vocabulary, model); });
  const Config settings = in_file("tokenizer_config.json", [&] {
    Config read(config);
    read_normalization(read, model);
    return read;
  });
  in_file("vocab.txt", [&] { read_special_tokens(settings, model); });
  return std::make_unique<WordPiece>(std::move(model));
}

}  // namespace data::tokenizers
