#include "lora/files/adapter.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <functional>
#include <numeric>
#include <set>

#include "lora/files/adapter_config.h"
#include "lora/files/config_values.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace lora::inline LOWRANK_PRECISION {

AdapterError::AdapterError(const std::filesystem::path& path, std::string_view what)
    : std::runtime_error(fmt::format("{}: {}", path.string(), what)) {}

namespace {

namespace fs = std::filesystem;

constexpr const char* config_name = "adapter_config.json";
constexpr const char* weights_name = "adapter_model.safetensors";
constexpr const char* fingerprint_key = "lowrank.base_fingerprint";

using Layers = std::vector<std::pair<std::string, LoraLinear*>>;

std::string key(const std::string& projection, const char* factor) {
  return fmt::format("base_model.model.{}.{}.weight", projection, factor);
}

bool is_taken(const std::string& metadata_key) {
  return metadata_key == "format" || metadata_key.starts_with("lowrank.");
}

// Written beside the weights: what decides the scales, so that weights and a configuration of two
// different adapters are not taken for one.
nn::Metadata scale_metadata(const LoraConfig& config) {
  nn::Metadata m{{"lowrank.r", fmt::format("{}", config.spec.rank)},
                 {"lowrank.alpha", fmt::format("{}", config.spec.alpha)},
                 {"lowrank.scaling", to_string(config.spec.scaling)}};
  for (const auto& [name, rank] : config.rank_pattern)
    m["lowrank.r." + name] = fmt::format("{}", rank);
  for (const auto& [name, alpha] : config.alpha_pattern)
    m["lowrank.alpha." + name] = fmt::format("{}", alpha);
  return m;
}

std::vector<std::string> targets_for(nn::Module& model, const Layers& layers) {
  std::set<std::string> names, all;
  for (const auto& [name, layer] : layers) names.insert(name);
  model.visit_slots("", [&](const std::string& name, auto&) { all.insert(name); });
  return shortest_targets(names, all);
}

struct Adapter {
  AdapterInfo info;
  nn::SafetensorsFile weights;  // only the header
};

AdapterConfig read_config(const fs::path& path) {
  const std::string text = nn::read_file(path);
  try {
    return parse_adapter_config(text);
  } catch (const std::invalid_argument& error) {
    throw AdapterError(path, error.what());
  }
}

Adapter read_adapter(const fs::path& folder) {
  for (const char* name : {config_name, weights_name})
    if (!nn::is_there(folder / name))
      throw AdapterError(
          folder, fmt::format("there is no {}: not an adapter, or not written to its end", name));
  const AdapterConfig config = read_config(folder / config_name);
  Adapter adapter;
  AdapterInfo& info = adapter.info;
  info.config = config.lora;
  info.base_model = config.base_model;
  adapter.weights = nn::SafetensorsFile::read_header(folder / weights_name);

  const std::string newer = nn::format_problem(adapter.weights.metadata());
  if (!newer.empty()) throw AdapterError(folder / weights_name, newer);
  nn::Metadata scales;
  for (const auto& [name, value] : adapter.weights.metadata()) {
    if (name == fingerprint_key)
      info.base_fingerprint = value;
    else if (name.starts_with("lowrank.") && name != nn::format_key)
      scales[name] = value;
    else if (name != "format" && name != nn::format_key)
      info.metadata[name] = value;
  }
  const bool is_ours = !info.base_fingerprint.empty() || !scales.empty();
  if (is_ours && scales != scale_metadata(info.config))
    throw AdapterError(
        folder, fmt::format("{} and {} are not of one adapter: rank, alpha or scaling differ",
                            config_name, weights_name));
  for (const nn::SafetensorsEntry& entry : adapter.weights.entries())
    info.parameters += static_cast<Index>(std::accumulate(entry.shape.begin(), entry.shape.end(),
                                                          std::uint64_t{1}, std::multiplies{}));
  return adapter;
}

// How the tensors differ from A and B of the targets. A float holds what F16 and BF16 hold.
std::string tensors_differ(const nn::SafetensorsFile& weights, const std::vector<Target>& targets) {
  nn::Shapes wanted;
  for (const Target& target : targets) {
    wanted[key(target.name, "lora_A")] = {target.spec.rank, target.in};
    wanted[key(target.name, "lora_B")] = {target.out, target.spec.rank};
  }
  return nn::difference(weights, wanted, {nn::Dtype::F32, nn::Dtype::F16, nn::Dtype::BF16});
}

// Everything that keeps the adapter from being this model's; "" where nothing does.
std::string problems_of(const Adapter& adapter, nn::Module& model,
                        const std::vector<Target>& targets, const AdapterOptions& options) {
  std::vector<std::string> problems;
  const std::string tensors = tensors_differ(adapter.weights, targets);
  if (!tensors.empty()) problems.push_back(tensors);

  const std::string& recorded = adapter.info.base_fingerprint;
  const std::string actual = base_fingerprint(model);
  if (recorded.empty() && options.require_fingerprint)
    problems.push_back("it has no fingerprint of the base that it was made for");
  const auto all = nn::parameters(model);
  const bool halves = std::ranges::any_of(all, [](const Parameter* p) { return bool(p->half); });
  if (!recorded.empty() && recorded != actual)
    problems.push_back(fmt::format("it was made for another base: fingerprint {}, not \"{}\"{}",
                                   nn::shown(recorded), actual,
                                   halves ? ", that of its weights in 16 bits" : ""));
  return fmt::format("{}", fmt::join(problems, "; "));
}

}  // namespace

LoraConfig config_of(nn::Module& model) {
  const Layers layers = lora_layers(model);
  if (layers.empty()) throw AdapterError("the model has no LoRA layers to save");
  LoraConfig config;
  config.targets = targets_for(model, layers);
  config.spec = layers.front().second->spec;
  const LoraSpec& common = config.spec;
  for (const auto& [name, layer] : layers) {
    const LoraSpec& spec = layer->spec;
    if (spec.scaling != common.scaling || spec.init != common.init ||
        spec.dropout != common.dropout)
      throw AdapterError(
          fmt::format("{} and {} differ in scaling, initialisation or dropout, of which an adapter "
                      "has only one",
                      layers.front().first, name));
    if (spec.rank != common.rank) config.rank_pattern.emplace_back(name, spec.rank);
    if (spec.alpha != common.alpha) config.alpha_pattern.emplace_back(name, spec.alpha);
  }
  return config;
}

// A folder with A and B alone would lose whatever else was trained.
static void check_only_lora_trains(nn::Module& model, const Layers& layers) {
  std::set<const Parameter*> held;
  for (const auto& [name, layer] : layers) held.insert({&layer->A, &layer->B});
  for (const Parameter* p : nn::trainable_parameters(model))
    if (!held.contains(p))
      throw AdapterError(
          fmt::format("the model trains {} too, for which an adapter has no place", p->name));
}

void save_adapter(const fs::path& folder, nn::Module& model, const AdapterLabels& labels) {
  const Layers layers = lora_layers(model);
  const LoraConfig config = config_of(model);
  check_only_lora_trains(model, layers);
  for (const auto& [name, value] : labels.metadata)
    if (is_taken(name)) throw AdapterError(fmt::format("the metadata key \"{}\" is taken", name));

  nn::SafetensorsWriter weights;
  weights.metadata = labels.metadata;
  weights.metadata["format"] = "pt";  // as PEFT has it: tensors of PyTorch
  weights.metadata[nn::format_key] = std::string(nn::file_format);
  weights.metadata[fingerprint_key] = base_fingerprint(model);
  weights.metadata.merge(scale_metadata(config));
  for (const auto& [name, layer] : layers) {
    weights.add(key(name, "lora_A"), layer->A.value);
    weights.add(key(name, "lora_B"), layer->B.value);
  }
  // Whatever throws does so before anything is written.
  const std::string bytes = weights.bytes();
  const std::string text = to_json(AdapterConfig{config, labels.base_model, labels.task});
  nn::create_folders(folder);
  nn::write_file_atomically(folder / weights_name, bytes);
  nn::write_file_atomically(folder / config_name, text);
}

AdapterInfo load_adapter(const fs::path& folder, nn::Module& model, const AdapterOptions& options) {
  const Adapter adapter = read_adapter(folder);
  if (!lora_layers(model).empty()) throw AdapterError(folder, "the model has LoRA layers already");
  std::vector<Target> targets;
  try {
    targets = plan(model, adapter.info.config);
  } catch (const std::invalid_argument& error) {
    throw AdapterError(folder, error.what());
  }
  const std::string problems = problems_of(adapter, model, targets, options);
  if (!problems.empty()) throw AdapterError(folder, problems);

  const nn::SafetensorsFile weights = nn::SafetensorsFile::read(folder / weights_name);
  const std::string changed = tensors_differ(weights, targets);
  if (!changed.empty()) throw AdapterError(folder, changed);

  // Nothing below throws for want of anything but memory.
  const std::uint64_t any_seed = 0;  // what it draws is overwritten
  inject(model, adapter.info.config, any_seed);
  for (const auto& [name, layer] : lora_layers(model)) {
    layer->A.set(weights.tensor(key(name, "lora_A")));
    layer->B.set(weights.tensor(key(name, "lora_B")));
  }
  return adapter.info;
}

AdapterInfo describe_adapter(const fs::path& folder) { return read_adapter(folder).info; }

bool says_its_base(const fs::path& folder) {
  const fs::path weights = folder / weights_name;
  return nn::is_there(weights) &&
         nn::SafetensorsFile::read_header(weights).metadata().contains(fingerprint_key);
}

std::string base_fingerprint(nn::Module& model) {
  std::map<std::string, nn::Valued> values;
  model.visit("", [&](const std::string& name, Parameter& p) { values[name] = nn::valued(p); });
  for (const auto& [name, layer] : lora_layers(model)) {
    for (const char* own : {"lora_A", "lora_B", "base.weight", "base.bias"})
      values.erase(nn::join(name, own));
    values[nn::join(name, "weight")] =
        layer->merged() ? nn::Valued(&layer->w0()) : nn::valued(layer->base->weight);
    const nn::Tensor& bias = layer->base->bias.value;
    if (!bias.empty()) values[nn::join(name, "bias")] = &bias;
  }
  return nn::fingerprint(values);
}

}  // namespace lora::inline LOWRANK_PRECISION
