#include <fmt/format.h>

#include "nn/files/encode.h"
#include "nn/files/file.h"
#include "nn/files/json.h"
#include "nn/models/model_folder.h"

namespace nn::inline LOWRANK_PRECISION {

// {"0": "entailment", "1": "neutral"} in the order of the numbers; nothing where it is none.
static std::optional<std::vector<std::string>> names_of(const Json& id2label) {
  if (!id2label.is_object()) return {};
  std::vector<std::string> names;
  for (std::size_t i = 0; i < id2label.size(); ++i) {
    const auto found = id2label.find(std::to_string(i));
    if (found == id2label.end() || !found->is_string()) return {};
    names.push_back(found->get<std::string>());
  }
  return names;
}

std::vector<std::string> ModelFolder::label_names() const {
  const Json config = parse_json_object(config_);
  const auto found = config.find("id2label");
  if (found == config.end() || found->is_null()) return {};
  if (const auto names = names_of(*found)) return *names;
  throw ModelError(
      folder_ / "config.json",
      fmt::format("\"id2label\" is {}, where names for 0, 1 and on are wanted", shown(*found)));
}

// The configuration with transformers' name of the classifier, "BertForSequenceClassification".
static std::string classifier_config(const std::string& config, const std::string& model_type,
                                     const std::vector<std::string>& labels) {
  static const std::map<std::string, std::string> classes{
      {"bert", "Bert"},       {"roberta", "Roberta"},      {"gpt2", "GPT2"},
      {"deberta", "Deberta"}, {"deberta-v2", "DebertaV2"}, {"llama", "Llama"}};
  Json object = parse_json_object(config);
  object["architectures"] = {classes.at(model_type) + "ForSequenceClassification"};
  Json names = Json::object(), numbers = Json::object();
  for (std::size_t i = 0; i < labels.size(); ++i) {
    names[std::to_string(i)] = labels[i];
    numbers[labels[i]] = i;
  }
  object["id2label"] = names, object["label2id"] = numbers;
  object.erase("num_labels");  // which older files have beside the names
  return object.dump(2) + "\n";
}

void ModelFolder::save_classifier(const std::filesystem::path& out, Pretrained& model,
                                  const std::vector<std::string>& labels) const {
  if (model.head != Head::classifier || model.sizes.labels != static_cast<Index>(labels.size()))
    throw std::invalid_argument(fmt::format("a {} of {} labels cannot be saved with {} names",
                                            to_string(model.head), model.sizes.labels,
                                            labels.size()));
  std::map<std::string, const Tensor*> values;
  model.visit("", [&](const std::string& name, Parameter& p) { values[name] = &p.value; });
  SafetensorsWriter file;
  file.metadata["format"] = "pt";
  for (const auto& [name, tensor] : as_stored(model.stored, values)) {
    const std::optional<Place> place = find(name);
    const Dtype dtype = place ? place->shard->header.entry(place->name).dtype : Dtype::F32;
    const std::optional<std::string> bytes = encoded(tensor, dtype);
    if (!bytes)
      throw ModelError(out, fmt::format("{} has a value that is no number of the type {}", name,
                                        to_string(dtype)));
    std::vector<std::uint64_t> shape;
    for (int i = 0; i < tensor.shape.rank(); ++i)
      shape.push_back(static_cast<std::uint64_t>(tensor.shape[i]));
    file.add(name, dtype, std::move(shape), *bytes);
  }
  create_folders(out);
  file.write(out / "model.safetensors");
  write_file_atomically(out / "config.json", classifier_config(config_, model_type_, labels));
}

}  // namespace nn::inline LOWRANK_PRECISION
