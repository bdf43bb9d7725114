#include "experiments/cli/pretrained_data.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "data/readers/labels.h"
#include "experiments/cli/command_line.h"
#include "experiments/cli/pretrained_source.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace experiments::cli {

namespace fs = std::filesystem;

void check_kind(const DataFile& data, const data::readers::DataSet& read, nn::Head head,
                const fs::path& model) {
  const bool is_causal = head == nn::Head::causal;
  if (finetune::has_labels(read) && is_causal)
    throw UsageError(fmt::format(
        "{} has labels, and {} is a causal language model, which says tokens; formats for it are "
        "those of prompts and of plain text, as e2e, jsonl and text",
        data.path.string(), model.string()));
  if (!finetune::has_labels(read) && !is_causal)
    throw UsageError(fmt::format(
        "{} is for a causal language model, and {} is none ({}); formats for it are those of texts "
        "with labels, as mnli and jsonl",
        data.path.string(), model.string(), to_string(head)));
}

std::unique_ptr<data::tokenizers::Tokenizer> tokenizer_of(const fs::path& folder,
                                                          nn::Index vocabulary) {
  auto tokenizer = data::tokenizers::load_tokenizer(folder);
  if (tokenizer->size() > vocabulary)
    throw nn::ModelError(folder, fmt::format("its tokenizer has {} ids, and its model {} words",
                                             tokenizer->size(), vocabulary));
  return tokenizer;
}

// "eos_token_id", one or several, of a file in the folder; nothing where it does not say.
static std::optional<std::vector<int>> named_ends(const fs::path& path) {
  if (!nn::is_there(path)) return {};
  nn::Json value;
  try {
    const nn::Json object = nn::parse_json_object(nn::read_file(path));
    const auto found = object.find("eos_token_id");
    if (found == object.end()) return {};
    value = *found;
  } catch (const nn::JsonError& error) {
    throw nn::ModelError(path, error.what());
  }
  if (value.is_null()) return std::vector<int>{};
  std::vector<int> ends;
  for (const nn::Json& id : value.is_array() ? value : nn::Json::array({value})) {
    if (!nn::is_whole<std::int32_t>(id))
      throw nn::ModelError(
          path, fmt::format("\"eos_token_id\" is {}, where ids are wanted", nn::shown(value)));
    ends.push_back(id.get<int>());
  }
  return ends;
}

std::vector<int> end_ids(const fs::path& folder) {
  for (const char* name : {"generation_config.json", "config.json"})
    if (const auto ends = named_ends(folder / name)) return *ends;
  return {};
}

nn::DecodeOptions decode_options(const PretrainedGenerate& given, std::vector<int> stops) {
  nn::DecodeOptions options;
  options.max_tokens = given.max_tokens;
  options.stops = given.stops ? *given.stops : std::move(stops);
  options.temperature = given.temperature, options.top_k = given.top_k;
  options.beams = given.beams, options.length_penalty = given.length_penalty;
  options.no_repeat_ngram = given.no_repeat_ngram;
  options.reuse = !given.no_cache;
  return options;
}

int pad_id(const nn::ModelFolder& folder) {
  return folder.id("pad_token_id").value_or(folder.model_type() == "roberta" ? 1 : 0);
}

std::vector<std::string> labels_for(const data::readers::DataSet& read, const fs::path& path,
                                    const std::vector<std::string>& of_model) {
  if (of_model.empty()) return data::readers::label_names(read.records, path);
  for (const data::readers::Record& record : read.records)
    if (std::ranges::count(of_model, record.label) == 0)
      throw data::readers::DataError(fmt::format(
          "{}, line {}: the label {} is none of the model's, which are {} (\"id2label\" in its "
          "config.json)",
          path.string(), record.line, nn::printable(record.label), fmt::join(of_model, ", ")));
  return of_model;
}

std::string about(const finetune::EncodedFile& file, const data::readers::DataSet& read,
                  const fs::path& path) {
  std::string text =
      fmt::format("{}: {}; {} texts", path.string(), to_string(read.counts), file.texts.size());
  if (file.cut > 0) text += fmt::format(", {} of them cut", file.cut);
  if (file.too_long > 0) text += fmt::format(", {} too long and left out", file.too_long);
  return text;
}

std::size_t longest_text(const nn::Pretrained& model, std::optional<int> wanted) {
  const nn::Index most = model.context();
  if (wanted && *wanted > most)
    throw UsageError(
        fmt::format("--length {} is above the {} ids that the model takes", *wanted, most));
  return static_cast<std::size_t>(wanted ? *wanted : most);
}

ModelAndData read_model_and_data(const PretrainedGenerate& how, const DataFile& data,
                                 std::optional<int> length) {
  const fs::path& path = how.model;
  const nn::ModelFolder folder(path);
  ModelAndData pair;
  pair.data = data::readers::read_all(data.path, data.format);
  Loaded loaded = load_pretrained(folder, how.adapter, {.frozen = nn::parse_frozen(how.frozen)});
  pair.model = std::move(loaded.model);
  check_kind(data, pair.data, pair.model->head, path);
  if (finetune::has_labels(pair.data)) {
    if (loaded.labels.empty())
      throw std::invalid_argument(
          fmt::format("{} does not name its labels (\"id2label\" in config.json)", path.string()));
    pair.labels = labels_for(pair.data, data.path, loaded.labels);
  }
  pair.tokenizer = tokenizer_of(path, pair.model->vocabulary());
  pair.ends = end_ids(path);
  pair.pad = pad_id(folder);
  const std::size_t longest = longest_text(*pair.model, length);
  pair.file = finetune::encode(
      pair.data, data.path, *pair.tokenizer,
      {longest, data.format, pair.ends.empty() ? -1 : pair.ends.front(), pair.labels});
  return pair;
}

}  // namespace experiments::cli
