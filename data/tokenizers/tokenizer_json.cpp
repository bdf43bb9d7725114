#include "data/tokenizers/tokenizer_json.h"

#include <fmt/format.h>

#include <utility>

#include "data/tokenizers/byte_level_bpe.h"
#include "data/tokenizers/settings.h"

namespace data::tokenizers {
namespace {

using nlohmann::json;

/// The elements of a list, as objects with settings.
std::vector<Settings> objects_of(const json& list, const std::string& path) {
  if (!list.is_array())
    throw TokenizerError(fmt::format("{} is {}, where a list is wanted", path, shown(list)));
  std::vector<Settings> objects;
  for (const json& element : list)
    objects.emplace_back(element, fmt::format("{}[{}]", path, objects.size()));
  return objects;
}

/// A step of one of these types, or the steps of a "Sequence", whose list is called `list`.
std::vector<Settings> steps_of(Settings& settings, const char* name, const char* list) {
  if (settings.find(name) == nullptr) return {};
  Settings step = settings.object(name);
  if (step.text("type") != "Sequence") return {std::move(step)};
  std::vector<Settings> steps = objects_of(step.need(list), step.path_of(list));
  step.finish();
  return steps;
}

/// "ab cd", or ["ab", "cd"] in files of 2024 and later.
std::pair<std::string, std::string> merge_from(const json& value, std::size_t number) {
  const std::string what = fmt::format("model.merges[{}]", number);
  if (value.is_array() && value.size() == 2)
    return {string_from(value[0], what), string_from(value[1], what)};
  const auto merge = two_tokens(string_from(value, what));
  if (!merge)
    throw TokenizerError(fmt::format("{} is {}, where two tokens are wanted", what, shown(value)));
  return *merge;
}

void read_model(Settings settings, ByteLevelModel& model) {
  const std::string type = settings.find("type") == nullptr ? "BPE" : settings.text("type");
  if (type != "BPE") settings.refuse("type", "\"BPE\", the byte-level one,");
  const json& vocabulary = settings.need("vocab");
  if (!vocabulary.is_object()) settings.refuse("vocab", "an object");
  const std::string path = settings.path_of("vocab");
  for (const auto& [token, id] : vocabulary.items()) model.tokens.add(token, id_from(id, path));
  const json& merges = settings.need("merges");
  if (!merges.is_array()) settings.refuse("merges", "a list");
  for (const json& merge : merges) model.merges.push_back(merge_from(merge, model.merges.size()));
  model.ignores_merges = settings.flag("ignore_merges", false);
  settings.only("dropout", 0.0);
  settings.only("continuing_subword_prefix", "");
  settings.only("end_of_word_suffix", "");
  settings.only("byte_fallback", false);
  settings.ignore({"unk_token", "fuse_unk"});  // every byte has a token
  settings.finish();
}

// The last step gives bytes their characters; those before it cut.
void read_pre_tokenizer(Settings& file, ByteLevelModel& model) {
  std::vector<Settings> steps = steps_of(file, "pre_tokenizer", "pretokenizers");
  if (steps.empty() || steps.back().text("type") != "ByteLevel")
    throw TokenizerError("pre_tokenizer does not end with a \"ByteLevel\"");
  Settings last = std::move(steps.back());
  steps.pop_back();
  for (Settings& step : steps) {
    if (step.text("type") != "Split") step.refuse("type", "\"Split\" before \"ByteLevel\"");
    Settings pattern = step.object("pattern");
    model.cuts.emplace_back(pattern.text("Regex"));
    pattern.finish();
    step.only("behavior", "Isolated");
    step.only("invert", false);
    step.finish();
  }
  model.adds_space = last.flag("add_prefix_space", true);
  // Or each of the pieces would get a space.
  if (model.adds_space && !steps.empty()) last.refuse("add_prefix_space", "false after \"Split\"");
  if (last.flag("use_regex", true)) model.cuts.emplace_back(gpt2_pattern);
  last.ignore({"trim_offsets"});
  last.finish();
}

void read_added_tokens(Settings& file, ByteLevelModel& model) {
  if (file.find("added_tokens") == nullptr) return;
  for (Settings& element : objects_of(*file.find("added_tokens"), "added_tokens")) {
    const int id = element.id("id");
    AddedToken token = added_token_from(element.whole(), fmt::format("the added token {}", id));
    token.id = id;
    model.tokens.add(token.content, token.id);
    model.added.add(token);
  }
}

/// RoBERTa's: ["</s>", 2] is a token and its id.
int named_id(Settings& step, const char* name) {
  const json& value = step.need(name);
  if (!value.is_array() || value.size() != 2) step.refuse(name, "a token with its id");
  return id_from(value[1], step.path_of(name));
}

/// A step of TemplateProcessing's "single" or "pair".
std::vector<Part> parts_of(Settings& step, const char* name, Settings& tokens) {
  std::vector<Part> parts;
  for (Settings& element : objects_of(step.need(name), step.path_of(name))) {
    const bool is_text = element.find("Sequence") != nullptr;
    Settings part = element.object(is_text ? "Sequence" : "SpecialToken");
    const std::string name_in_template = part.text("id");
    const int type = part.id("type_id");
    part.finish();
    element.finish();
    if (is_text) {
      if (name_in_template != "A" && name_in_template != "B") part.refuse("id", "\"A\" or \"B\"");
      parts.push_back({name_in_template == "A" ? Part::first_text : Part::second_text, type, 0});
      continue;
    }
    Settings token = tokens.object(name_in_template.c_str());
    const json& ids = token.need("ids");
    if (!ids.is_array()) token.refuse("ids", "a list");
    for (const json& id : ids)
      parts.push_back({Part::token, type, id_from(id, token.path_of("ids"))});
  }
  return parts;
}

// What ByteLevel does here concerns the places of tokens in the text, which we do not tell.
void read_post_processor(Settings& file, ByteLevelModel& model) {
  bool framed = false;
  for (Settings& step : steps_of(file, "post_processor", "processors")) {
    const std::string type = step.text("type");
    if (type == "ByteLevel") continue;
    if (std::exchange(framed, true))
      throw TokenizerError("post_processor frames a text twice, which is not supported");
    if (type == "TemplateProcessing") {
      Settings tokens = step.object("special_tokens");
      model.frame.single = parts_of(step, "single", tokens);
      model.frame.pair = parts_of(step, "pair", tokens);
    } else if (type == "RobertaProcessing" || type == "BertProcessing") {
      const int cls = named_id(step, "cls"), sep = named_id(step, "sep");
      model.frame = type == "BertProcessing" ? bert_template(cls, sep) : roberta_template(cls, sep);
      step.ignore({"trim_offsets", "add_prefix_space"});
    } else {
      step.refuse("type", "\"ByteLevel\", \"TemplateProcessing\" and \"RobertaProcessing\"");
    }
    step.finish();
  }
}

}  // namespace

std::unique_ptr<Tokenizer> parse_tokenizer_json(std::string_view text) {
  const json object = parse_object(text);
  Settings file(object, "");
  ByteLevelModel model;
  read_model(file.object("model"), model);
  read_added_tokens(file, model);
  read_pre_tokenizer(file, model);
  read_post_processor(file, model);
  Settings decoder = file.object("decoder");
  if (decoder.text("type") != "ByteLevel") decoder.refuse("type", "\"ByteLevel\"");
  file.ignore({"version"});
  file.finish();  // also normalizer, truncation and padding, unless they are null
  return byte_level_bpe(std::move(model));
}

}  // namespace data::tokenizers
