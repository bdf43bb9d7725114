#include "experiments/cli/pretrained_prepare.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>

#include "experiments/cli/pretrained_data.h"
#include "lora/inject.h"
#include "nn/files/file.h"
#include "nn/half.h"

namespace experiments::cli {

namespace {

// Wq and Wv, which the paper adapts, by the names of the checkpoints.
std::vector<std::string> usual_targets(const std::string& model_type) {
  static const std::map<std::string, std::vector<std::string>> targets{
      {"bert", {"query", "value"}},       {"roberta", {"query", "value"}},
      {"deberta", {"in_proj"}},           {"deberta-v2", {"query_proj", "value_proj"}},
      {"gpt2", {"c_attn.q", "c_attn.v"}}, {"llama", {"q_proj", "v_proj"}}};
  return targets.at(model_type);
}

// Whether a target is one of the three matrices that GPT-2 has in one.
bool is_piece(const std::string& target) {
  return target.ends_with("c_attn.q") || target.ends_with("c_attn.k") ||
         target.ends_with("c_attn.v");
}

void mark_trainable(nn::Pretrained& model, const PretrainedTrain& given,
                    const nn::ModelFolder& folder) {
  if (given.is_full) return nn::set_trainable(model, true);
  lora::inject(model, given.lora, given.seed);
  if (model.head != nn::Head::classifier) return;
  model.visit("", [&](const std::string& name, nn::Parameter& p) {
    const bool is_new_pooler = name.find("pooler.dense.") != name.npos && !folder.has(name);
    if (!name.starts_with("classifier.") && !name.starts_with("score.") && !is_new_pooler) return;
    nn::unpack(p);  // what trains is in floats
    p.trainable = true;
  });
}

}  // namespace

PretrainedTrain with_targets(PretrainedTrain given, const nn::ModelFolder& folder) {
  (void)folder.head();  // which says of a type that is not computed here which ones are
  if (!given.is_full && given.lora.targets.empty() && given.lora.targets_regex.empty())
    given.lora.targets = usual_targets(folder.model_type());
  return given;
}

std::unique_ptr<nn::Pretrained> load_trainable(const PretrainedTrain& given,
                                               const nn::ModelFolder& folder,
                                               const std::vector<std::string>& labels) {
  nn::ModelOptions options;
  options.seed = given.seed;
  options.frozen = nn::parse_frozen(given.frozen);
  options.split_c_attn = !given.is_full && std::ranges::any_of(given.lora.targets, is_piece);
  if (folder.head() != nn::Head::classifier)
    options.new_labels = static_cast<nn::Index>(labels.size());
  std::unique_ptr<nn::Pretrained> model = folder.load(options);
  mark_trainable(*model, given, folder);
  return model;
}

Prepared prepare(const PretrainedTrain& given, const nn::ModelFolder& folder) {
  Prepared prepared;
  const data::readers::DataSet training =
      data::readers::read_all(given.data.path, given.data.format);
  check_kind(given.data, training, folder.head(), given.model);
  std::optional<data::readers::DataSet> validation;
  if (!given.validation.empty())
    validation = data::readers::read_all(given.validation, given.validation_format);

  if (finetune::has_labels(training)) {
    const bool is_classifier = folder.head() == nn::Head::classifier;
    prepared.labels = labels_for(training, given.data.path,
                                 is_classifier ? folder.label_names() : std::vector<std::string>{});
    prepared.is_new_head = !is_classifier;
  }
  prepared.model = load_trainable(given, folder, prepared.labels);

  prepared.tokenizer = tokenizer_of(given.model, prepared.model->vocabulary());
  const std::vector<int> ends = end_ids(given.model);
  const finetune::EncodeOptions encode{longest_text(*prepared.model, given.length),
                                       given.data.format, ends.empty() ? -1 : ends.front(),
                                       prepared.labels};
  prepared.texts.pad = pad_id(folder);
  finetune::EncodedFile encoded =
      finetune::encode(training, given.data.path, *prepared.tokenizer, encode);
  prepared.about_data = about(encoded, training, given.data.path);
  prepared.texts.training = std::move(encoded.texts);
  if (validation) {
    encoded = finetune::encode(*validation, given.validation, *prepared.tokenizer, encode);
    prepared.about_data += "\n" + about(encoded, *validation, given.validation);
    prepared.texts.validation = std::move(encoded.texts);
  }
  return prepared;
}

// Of what a model reads of them: the file, its form, the tokenizer and the length are all in it.
static std::string hash_of(const std::vector<finetune::Text>& texts) {
  std::string bytes;
  const auto add = [&](const std::vector<int>& numbers) {
    bytes.append(reinterpret_cast<const char*>(numbers.data()), numbers.size() * sizeof(int));
  };
  for (const finetune::Text& text : texts) {
    add({static_cast<int>(text.ids.size()), text.first_target, text.label});
    add(text.ids);
    add(text.types);
  }
  return fmt::format("{:016x}", autograd::fnv1a(bytes));
}

nn::Json shared_settings(const PretrainedTrain& given, const nn::ModelFolder& folder,
                         const finetune::FinetuneTexts& texts) {
  const finetune::Recipe& r = given.recipe;
  const std::string config = nn::read_file(given.model / "config.json");
  return {{"model", folder.fingerprint()},
          {"config", fmt::format("{:016x}", autograd::fnv1a(config))},
          {"data", hash_of(texts.training)},
          {"validation", hash_of(texts.validation)},
          {"frozen", given.frozen},
          {"batch", r.batch},
          {"parts", r.parts},
          {"warmup", r.warmup},
          {"weight_decay", r.weight_decay},
          {"label_smoothing", r.label_smoothing},
          {"clip", r.clip}};
}

std::string identity(const PretrainedTrain& given, nn::Json run) {
  const finetune::Recipe& r = given.recipe;
  const lora::LoraConfig& lora = given.lora;
  run["method"] = given.is_full ? "full" : "lora";
  run["seed"] = given.seed;
  run["epochs"] = r.epochs;
  run["steps"] = r.steps.value_or(0);
  run["lr"] = r.lr;
  run["lr_ratio"] = r.lr_ratio;
  if (!given.is_full)
    run["lora"] = fmt::format("{} {} {} {} {} {} {} {} {}", fmt::join(lora.targets, ","),
                              lora.targets_regex, lora.spec.rank, lora.spec.alpha,
                              lora::to_string(lora.spec.scaling), lora::to_string(lora.spec.init),
                              lora.spec.dropout, lora.rank_pattern, lora.alpha_pattern);
  return nn::text_of(run);
}

}  // namespace experiments::cli
