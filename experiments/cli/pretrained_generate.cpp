#include <fmt/format.h>
#include <fmt/ranges.h>

#include "data/tokenizers/tokenizer.h"
#include "experiments/cli/pretrained.h"
#include "experiments/cli/pretrained_data.h"
#include "experiments/cli/pretrained_source.h"
#include "experiments/harness/output.h"
#include "nn/files/file.h"
#include "nn/files/json.h"
#include "nn/models/decode.h"

namespace experiments::cli {

namespace fs = std::filesystem;

namespace {

std::string spaced(std::span<const int> ids) { return fmt::format("{}", fmt::join(ids, " ")); }

// A prompt in ids, and how those are said.
struct Prompt {
  std::unique_ptr<data::tokenizers::Tokenizer> tokenizer;  // null: as ids
  std::vector<int> ids;

  std::string text() const { return tokenizer ? tokenizer->decode(ids) : spaced(ids); }

  // The part of the whole text behind the prompt's: alone, a first word would lose its space.
  std::string text_of(const std::vector<int>& answer) const {
    if (!tokenizer) return spaced(answer);
    std::vector<int> whole = ids;
    whole.insert(whole.end(), answer.begin(), answer.end());
    const std::string all = tokenizer->decode(whole), before = text();
    return all.starts_with(before) ? all.substr(before.size()) : tokenizer->decode(answer);
  }
};

Prompt read_prompt(const PretrainedGenerate& given, nn::Index vocabulary) {
  if (!given.prompt) return {nullptr, given.prompt_ids};
  Prompt prompt{tokenizer_of(given.model, vocabulary), {}};
  prompt.ids = prompt.tokenizer->encode(*given.prompt).ids;
  return prompt;
}

}  // namespace

int generate_pretrained(const PretrainedGenerate& given) {
  const nn::ModelFolder folder(given.model);
  const nn::DecodeOptions options = decode_options(given, end_ids(given.model));
  const auto model =
      load_pretrained(folder, given.adapter, {.frozen = nn::parse_frozen(given.frozen)}).model;
  const Prompt prompt = read_prompt(given, model->vocabulary());
  nn::Random random(given.seed, "generate");
  const nn::Decoded decoded = nn::decode(*model, prompt.ids, options, random);
  if (!given.json) {
    print_out("{} -> {}\n", prompt.text(), prompt.text_of(decoded.ids));
    return 0;
  }
  nn::Json generated{{"prompt", prompt.text()},  {"answer", prompt.text_of(decoded.ids)},
                     {"prompt_ids", prompt.ids}, {"ids", decoded.ids},
                     {"passes", decoded.passes}, {"attention_products", decoded.products}};
  if (given.beams > 1) generated["score"] = nn::number_json(decoded.score);
  print_out("{}", json_line({{"generated", nn::Json::array({generated})}}));
  return 0;
}

}  // namespace experiments::cli
