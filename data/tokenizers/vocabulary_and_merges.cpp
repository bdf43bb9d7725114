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
    const auto merge = two_tokens(line);
    if (!merge)
      throw TokenizerError(
          fmt::format("line {} is {}, where two tokens are wanted", number, nn::printable(line)));
    model.merges.push_back(*merge);
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
  std::vector<AddedToken> specials;
  if (name == "GPT2Tokenizer") {
    specials = {config.token("eos_token", "<|endoftext|>")};
  } else if (name == "RobertaTokenizer") {
    specials = {config.token("cls_token", "<s>"), config.token("sep_token", "</s>"),
                config.token("pad_token", "<pad>"), config.token("unk_token", "<unk>"),
                config.token("mask_token", "<mask>")};
    const int begin = need_token(model, specials[0].content);
    model.frame = roberta_template(begin, need_token(model, specials[1].content));
  } else if (name == "DebertaTokenizer") {
    specials = {config.token("cls_token", "[CLS]"), config.token("sep_token", "[SEP]"),
                config.token("pad_token", "[PAD]"), config.token("unk_token", "[UNK]"),
                config.token("mask_token", "[MASK]")};
    const int cls = need_token(model, specials[0].content);
    // What it was trained with. Version 5 of transformers takes RoBERTa's for two texts.
    model.frame = bert_template(cls, need_token(model, specials[1].content));
  } else {
    throw TokenizerError(fmt::format(
        "tokenizer_class is {}; with vocab.json and merges.txt GPT2Tokenizer, RobertaTokenizer "
        "and DebertaTokenizer are supported",
        nn::printable(name)));
  }
  for (const AddedToken& token : config.special_tokens(std::move(specials), model.tokens))
    model.added.add(token);
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
