#include <fmt/format.h>

#include "data/tokenizers/byte_level_bpe.h"
#include "data/tokenizers/config.h"
#include "data/tokenizers/in_file.h"
#include "data/tokenizers/settings.h"
#include "data/tokenizers/tokenizer_json.h"
#include "data/tokenizers/utf8.h"
#include "nn/files/json.h"

namespace data::tokenizers {
namespace {

void read_vocabulary(std::string_view text, ByteLevelModel& model) {
  const nlohmann::json vocabulary = parse_object(text);
  for (const auto& [token, id] : vocabulary.items()) {
    if (!is_id(id)) id_from(id, nn::printable(token));  // throws; the name costs more than the rest
    model.tokens.add(token, id.get<int>());
  }
}

void read_merges(std::string_view text, ByteLevelModel& model) {
  std::size_t number = 0;
  for (const std::string_view line : lines_of(text)) {
    ++number;
    if (line.starts_with("#version") || line.empty()) continue;
    const std::size_t space = line.find(' ');
    if (space == std::string_view::npos || line.find(' ', space + 1) != std::string_view::npos)
      throw TokenizerError(
          fmt::format("line {} is {}, where two tokens are wanted", number, nn::printable(line)));
    model.merges.emplace_back(line.substr(0, space), line.substr(space + 1));
  }
}

int need_token(const ByteLevelModel& model, const std::string& token) {
  const auto id = model.tokens.id(token);
  if (!id)
    throw TokenizerError(fmt::format("the vocabulary has no token {}", nn::printable(token)));
  return *id;
}

/// The special tokens and the template of a class of Hugging Face's transformers, which these
/// files leave to it.
void read_config(const Config& config, ByteLevelModel& model) {
  const std::string name = config.tokenizer_class("GPT2Tokenizer");
  config.only("add_bos_token", false);
  model.adds_space = config.flag("add_prefix_space", false);
  std::vector<std::string> specials;
  if (name == "GPT2Tokenizer") {
    specials = {config.token("eos_token", "<|endoftext|>")};
  } else if (name == "RobertaTokenizer") {
    const std::string begin = config.token("cls_token", "<s>");
    const std::string end = config.token("sep_token", "</s>");
    const int begin_id = need_token(model, begin), end_id = need_token(model, end);
    model.frame = roberta_template(begin_id, end_id);
    specials = {begin, end, "<pad>", "<unk>", "<mask>"};
  } else if (name == "DebertaTokenizer") {
    const std::string cls = config.token("cls_token", "[CLS]");
    const std::string sep = config.token("sep_token", "[SEP]");
    const int cls_id = need_token(model, cls), sep_id = need_token(model, sep);
    model.frame = bert_template(cls_id, sep_id);
    specials = {cls, sep, "[PAD]", "[UNK]", "[MASK]"};
  } else {
    throw TokenizerError(fmt::format(
        "tokenizer_class is {}; with vocab.json and merges.txt GPT2Tokenizer, RobertaTokenizer "
        "and DebertaTokenizer are supported",
        nn::printable(name)));
  }
  if (const auto added = config.added_tokens()) {
    for (const AddedToken& token : *added) {
      model.tokens.add(token.content, token.id);
      model.added.add(token);
    }
    return;
  }
  for (const std::string& token : specials)
    if (const auto id = model.tokens.id(token))
      model.added.add(
          {.content = token, .id = *id, .strips_left = token == "<mask>" || token == "[MASK]"});
}

}  // namespace

std::unique_ptr<Tokenizer> parse_vocabulary_and_merges(std::string_view vocabulary,
                                                       std::string_view merges,
                                                       std::string_view config) {
  ByteLevelModel model;
  model.cuts.emplace_back(gpt2_pattern);
  in_file("vocab.json", [&] { read_vocabulary(vocabulary, model); });
  in_file("merges.txt", [&] { read_merges(merges, model); });
  in_file("tokenizer_config.json", [&] { read_config(Config(config), model); });
  return in_file("merges.txt", [&] { return byte_level_bpe(std::move(model)); });
}

}  // namespace data::tokenizers
