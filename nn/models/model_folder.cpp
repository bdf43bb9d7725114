#include "nn/models/model_folder.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <set>

#include "nn/files/checkpoint.h"
#include "nn/files/encode.h"
#include "nn/files/file.h"
#include "nn/files/short_list.h"
#include "nn/models/bert.h"
#include "nn/models/deberta.h"
#include "nn/models/gpt2.h"
#include "nn/models/llama.h"

namespace nn::inline LOWRANK_PRECISION {

namespace fs = std::filesystem;

ModelError::ModelError(const fs::path& path, std::string_view what)
    : std::runtime_error(fmt::format("{}: {}", path.string(), what)) {}

namespace {

constexpr const char* config_name = "config.json";
constexpr const char* weights_name = "model.safetensors";
constexpr const char* index_name = "model.safetensors.index.json";

Json read_object(const fs::path& path, const std::string& text) {
  try {
    return parse_json_object(text);
  } catch (const JsonError& error) {
    throw ModelError(path, error.what());
  }
}

// The name of each tensor's shard.
std::map<std::string, std::string> weight_map(const fs::path& path, const std::string& text) {
  const Json index = read_object(path, text);
  const auto found = index.find("weight_map");
  if (found == index.end() || !found->is_object())
    throw ModelError(path, "there is no object \"weight_map\"");
  std::map<std::string, std::string> map;
  for (const auto& [tensor, shard] : found->items()) {
    if (!shard.is_string() || shard.get<std::string>().find('/') != std::string::npos ||
        shard.get<std::string>().empty())
      throw ModelError(path, fmt::format("{} is to be in {}, which is no name of a file",
                                         printable(tensor), shown(shard)));
    map[tensor] = shard.get<std::string>();
  }
  return map;
}

[[noreturn]] void no_weights(const fs::path& folder) {
  if (is_there(folder / "pytorch_model.bin"))
    throw ModelError(
        folder / "pytorch_model.bin",
        "is a pickle, which is a program and not read here; to convert it: python3 -c \"import "
        "torch, safetensors.torch as s; s.save_file({k: v.clone().contiguous() for k, v in "
        "torch.load('pytorch_model.bin', weights_only=True).items()}, 'model.safetensors')\"");
  throw ModelError(folder, fmt::format("there is no {} and no {}", weights_name, index_name));
}

// Tensors that checkpoints have beside what is computed with: constants that PyTorch kept in a
// buffer, heads that are tied, and the heads of other training than the model's.
bool passed_over(std::string_view name) {
  for (const char* end : {".attn.bias", ".attn.masked_bias", "position_ids", "rotary_emb.inv_freq"})
    if (name.ends_with(end)) return true;
  for (const std::string_view head : {"lm_head.", "cls.", "pooler.", "bert.pooler.",
                                      "roberta.pooler.", "lm_predictions.", "mask_predictions."})
    if (name.starts_with(head)) return true;
  return false;
}

// Whether a tensor belongs to what reads a class out of the last state; of a new classifier all of
// these but the pooler's are new.
bool is_classifier(std::string_view name) {
  return name.starts_with("classifier.") || name.starts_with("score.");
}
bool is_pooler(std::string_view name) { return name.find("pooler.dense.") != name.npos; }

}  // namespace

ModelFolder::ModelFolder(fs::path folder) : folder_(std::move(folder)) {
  if (!is_there(folder_ / config_name))
    throw ModelError(folder_, fmt::format("there is no {}: no model", config_name));
  config_ = read_file(folder_ / config_name);
  const Json config = read_object(folder_ / config_name, config_);
  try {
    model_type_ = ConfigReader(config).text("model_type", "");
  } catch (const ConfigError& error) {
    throw ModelError(folder_ / config_name, error.what());
  }

  std::map<std::string, std::string> map;  // of an index
  std::set<std::string> files;
  if (is_there(folder_ / weights_name)) {
    files = {weights_name};
  } else if (is_there(folder_ / index_name)) {
    index_ = read_file(folder_ / index_name);
    map = weight_map(folder_ / index_name, *index_);
    for (const auto& [tensor, shard] : map) files.insert(shard);
  }
  std::map<std::string, std::string> shard_of;
  for (const std::string& name : files) {
    const fs::path path = folder_ / name;
    if (!is_there(path))
      throw ModelError(path, fmt::format("is not there, but {} names it", index_name));
    shards_.push_back(std::make_unique<Shard>(Shard{path, SafetensorsFile::read_header(path)}));
    for (const SafetensorsEntry& entry : shards_.back()->header.entries())
      if (const auto [known, is_new] = shard_of.emplace(entry.name, name); !is_new)
        throw ModelError(path, fmt::format("has the tensor {}, which is in {} too",
                                           printable(entry.name), known->second));
  }
  for (const auto& [tensor, shard] : map)
    if (const auto found = shard_of.find(tensor); found == shard_of.end() || found->second != shard)
      throw ModelError(folder_ / index_name, fmt::format("the tensor {} is to be in {}, and is not",
                                                         printable(tensor), shard));
}

// A model of fewer tensors than layers would only take memory.
static void check_layers(const fs::path& path, Index layers, std::size_t most) {
  if (static_cast<std::size_t>(layers) > most)
    throw ModelError(path, fmt::format("{} layers, where {} tensors are", layers, most));
}

std::unique_ptr<Pretrained> ModelFolder::make(Weights& weights, const ModelOptions& options) const {
  weights.frozen = options.frozen;
  const fs::path path = folder_ / config_name;
  std::size_t most = shards_.empty() ? 1024 : 0;  // without weights, what random ones may have
  for (const auto& shard : shards_) most += shard->header.entries().size();
  const Json object = read_object(path, config_);
  const ConfigReader reader(object);
  const auto with_head = [&](auto config) {
    if (options.new_labels == 0) return config;
    config.head = Head::classifier;
    config.labels = options.new_labels;
    return config;
  };
  try {
    reader.only_plain();
    if (options.split_c_attn && model_type_ != "gpt2")
      throw ConfigError(
          fmt::format("a model of the type {} has no c_attn to split", shown(model_type_)));
    if (model_type_ == "gpt2") {
      gpt2::Config config = with_head(gpt2::read_config(reader));
      config.split_c_attn = options.split_c_attn;
      check_layers(path, config.layers, most);
      return std::make_unique<gpt2::Gpt2>(config, weights);
    }
    if (model_type_ == "llama") {
      const llama::Config config = with_head(llama::read_config(reader));
      check_layers(path, config.layers, most);
      return std::make_unique<llama::Llama>(config, weights);
    }
    if (model_type_ == "bert" || model_type_ == "roberta") {
      bert::Config config = with_head(bert::read_config(reader, model_type_ == "roberta"));
      if (config.head == Head::none)  // whether it has a pooler is not in its configuration
        config.pooled = find(model_type_ + ".pooler.dense.weight").has_value();
      else
        config.pooled = config.head == Head::classifier && !config.roberta;
      check_layers(path, config.layers, most);
      return std::make_unique<bert::Bert>(config, weights);
    }
    if (model_type_ == "deberta" || model_type_ == "deberta-v2") {
      const deberta::Config config =
          with_head(deberta::read_config(reader, model_type_ == "deberta"));
      check_layers(path, config.layers, most);
      return std::make_unique<deberta::Deberta>(config, weights);
    }
  } catch (const ConfigError& error) {
    throw ModelError(path, error.what());
  }
  throw ModelError(path, fmt::format("\"model_type\" is {}; those computed here are bert, deberta, "
                                     "deberta-v2, gpt2, llama and roberta",
                                     shown(model_type_)));
}

// A tensor by its full name; or without the model's, as files have it that were saved without a
// head; or of a norm as it was called in 2018.
std::optional<ModelFolder::Place> ModelFolder::find(const std::string& name) const {
  std::vector<std::string> names{name};
  for (const std::string_view root : {"transformer.", "model.", "bert.", "roberta.", "deberta."})
    if (name.starts_with(root)) names.push_back(name.substr(root.size()));
  for (const auto& [now, then] :
       {std::pair<std::string_view, std::string_view>{"weight", "gamma"}, {"bias", "beta"}}) {
    if (!name.ends_with(fmt::format("LayerNorm.{}", now))) continue;
    for (std::size_t i = 0, n = names.size(); i < n; ++i)
      names.push_back(fmt::format(
          "{}{}", std::string_view(names[i]).substr(0, names[i].size() - now.size()), then));
  }
  for (const std::string& candidate : names)
    for (const auto& shard : shards_)
      if (shard->header.contains(candidate)) return Place{shard.get(), candidate};
  return {};
}

void ModelFolder::check_tensors(const Pretrained& model, const ModelOptions& options) const {
  const bool new_head = options.new_labels > 0;
  ShortList missing, extra, shape, dtype;
  std::map<std::string, Shape> wanted;
  for (const auto& [parameter, stored] : model.stored) wanted.emplace(stored.name, stored.shape);
  std::set<std::string> used;
  for (const auto& [name, of_model] : wanted) {
    if (new_head && is_classifier(name)) continue;
    const std::optional<Place> place = find(name);
    if (!place) {
      if (!new_head || !is_pooler(name)) missing.add(name);
      continue;
    }
    used.insert(place->name);
    const SafetensorsEntry& entry = place->shard->header.entry(place->name);
    if (!has_shape(entry, of_model))
      shape.add(
          fmt::format("{} is ({}) and not {}", name, fmt::join(entry.shape, ","), of_model.str()));
    if (entry.dtype != Dtype::F32 && entry.dtype != Dtype::F64 && entry.dtype != Dtype::F16 &&
        entry.dtype != Dtype::BF16)
      dtype.add(
          fmt::format("{} is {} and not F32, F64, F16 or BF16", name, to_string(entry.dtype)));
  }
  for (const auto& shard : shards_)
    for (const SafetensorsEntry& entry : shard->header.entries())
      if (!used.contains(entry.name) && !passed_over(entry.name) &&
          !(new_head && is_classifier(entry.name)))
        extra.add(printable(entry.name));

  std::vector<std::string> parts;
  missing.append_to(parts, "missing");
  extra.append_to(parts, "not of this model");
  shape.append_to(parts, "wrong shape");
  dtype.append_to(parts, "wrong dtype");
  if (!parts.empty()) throw ModelError(folder_, fmt::format("{}", fmt::join(parts, "; ")));
}

/// The tensors of a folder, each read from its file when it is asked for; those of a new classifier
/// are drawn.
class FolderWeights final : public Weights {
 public:
  FolderWeights(const ModelFolder& folder, const ModelOptions& options)
      : folder_(folder), new_head_(options.new_labels > 0), drawn_(options.seed) {}

 private:
  Tensor read(const std::string& name, const Shape& shape) override {
    const auto place = folder_.find(name);
    if (new_head_ && (!place || is_classifier(name))) return drawn_.take(name, {name, shape});
    return place->shard->header.read_one(place->shard->path, place->name).tensor(place->name);
  }

  const ModelFolder& folder_;
  bool new_head_;
  RandomWeights drawn_;
};

std::unique_ptr<Pretrained> ModelFolder::load(const ModelOptions& options) const {
  if (shards_.empty()) no_weights(folder_);
  NoWeights none;
  check_tensors(*make(none, options), options);
  FolderWeights weights(*this, options);
  try {
    return make(weights, options);
  } catch (const std::range_error& error) {
    throw ModelError(folder_, error.what());
  }
}

Head ModelFolder::head() const {
  NoWeights none;
  return make(none, {})->head;
}

std::optional<int> ModelFolder::id(const char* name) const {
  const Json object = read_object(folder_ / config_name, config_);
  try {
    return ConfigReader(object).id(name);
  } catch (const ConfigError& error) {
    throw ModelError(folder_ / config_name, error.what());
  }
}

std::string ModelFolder::fingerprint() const {
  if (shards_.empty()) no_weights(folder_);
  NoWeights none;
  const auto model = make(none, {});
  check_tensors(*model, {});
  std::set<std::string> names;
  for (const auto& [parameter, stored] : model->stored)
    if (!is_classifier(stored.name)) names.insert(stored.name);
  std::string of_each;
  for (const std::string& name : names) {
    const Place place = *find(name);
    const Tensor tensor =
        place.shard->header.read_one(place.shard->path, place.name).tensor(place.name);
    of_each += nn::fingerprint({{name, &tensor}});
  }
  return fmt::format("{:016x}", autograd::fnv1a(of_each));
}

std::unique_ptr<Pretrained> ModelFolder::random(std::uint64_t seed,
                                                const ModelOptions& options) const {
  RandomWeights weights(seed);
  return make(weights, options);
}

void ModelFolder::save(const fs::path& out, Pretrained& model) const {
  std::map<std::string, const Tensor*> values;
  model.visit("", [&](const std::string& name, Parameter& p) { values[name] = &p.full(); });
  std::map<const Shard*, std::string> files;
  for (const auto& [name, now] : as_stored(model.stored, values)) {
    const Place place = *find(name);
    const SafetensorsEntry& entry = place.shard->header.entry(place.name);
    std::string& file = files[place.shard];
    if (file.empty()) file = read_file(place.shard->path);
    const Tensor before =
        place.shard->header.read_one(place.shard->path, place.name).tensor(place.name);
    if (before.m == now.m) continue;
    const std::optional<std::string> bytes = encoded(now, entry.dtype);
    if (!bytes)
      throw ModelError(out, fmt::format("{} has a value that is no number of the type {}", name,
                                        to_string(entry.dtype)));
    file.replace(place.shard->header.data_begin() + entry.begin, bytes->size(), *bytes);
  }
  for (const auto& shard :
       shards_)  // also one with nothing but what is passed over: the index names it
    if (std::string& file = files[shard.get()]; file.empty()) file = read_file(shard->path);
  create_folders(out);
  for (const auto& [shard, bytes] : files)
    write_file_atomically(out / shard->path.filename(), bytes);
  if (index_) write_file_atomically(out / index_name, *index_);
  write_file_atomically(out / config_name, config_);
}

std::map<std::string, Tensor> as_stored(const StoredParameters& stored,
                                        const std::map<std::string, const Tensor*>& values) {
  std::map<std::string, Tensor> tensors;
  for (const auto& [parameter, place] : stored) {
    const auto found = values.find(parameter);
    if (found == values.end()) continue;
    Tensor& whole = tensors.try_emplace(place.name, place.shape).first->second;
    const Matrix& part = found->second->m;
    const bool is_vector = place.shape.rank() == 1;
    if (place.transposed)
      whole.m.middleCols(place.begin, part.rows()) = part.transpose();
    else if (is_vector)
      whole.m.middleCols(place.begin, part.cols()) = part;
    else
      whole.m.middleRows(place.begin, part.rows()) = part;
  }
  return tensors;
}

}  // namespace nn::inline LOWRANK_PRECISION
