#include "lora/interop/mlx.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <optional>
#include <set>

#include "lora/interop/modules.h"
#include "nn/files/file.h"
#include "nn/files/json.h"

namespace lora::inline LOWRANK_PRECISION {
namespace {

namespace fs = std::filesystem;
using nn::Json;

constexpr const char* mlx_config_name = "adapter_config.json";
constexpr const char* mlx_weights_name = "adapters.safetensors";

PortableTensor transposed(const PortableTensor& tensor) {
  Tensor turned({tensor.value.cols(), tensor.value.rows()});
  turned.m = tensor.value.m.transpose();
  return {std::move(turned), tensor.dtype};
}

// "model.layers.3.self_attn.q_proj" is in layer 3 under the key self_attn.q_proj.
struct InLayer {
  Index layer;
  std::string key;
};
std::optional<InLayer> in_layer(const std::string& module) {
  constexpr std::string_view start = "model.layers.";
  if (!module.starts_with(start)) return {};
  Index layer = 0;
  const char* end = module.data() + module.size();
  const auto [at, error] = std::from_chars(module.data() + start.size(), end, layer);
  if (error != std::errc() || layer < 0 || at == end || *at != '.' || at + 1 == end) return {};
  return InLayer{layer, std::string(at + 1, end)};
}

const Json& member(const Json& object, const char* name) {
  const auto found = object.find(name);
  if (found == object.end()) throw std::invalid_argument(fmt::format("has no \"{}\"", name));
  return *found;
}

double finite_number(const Json& object, const char* name) {
  const Json& value = member(object, name);
  if (!value.is_number())
    throw std::invalid_argument(
        fmt::format("\"{}\" must be a number, not {}", name, nn::shown(value)));
  return value.get<double>();
}

// Beside these members a configuration has all options of the training.
PeftConfig parse_mlx_config(std::string_view text) {
  const Json object = nn::parse_json_object(text);
  PeftConfig config;
  const Json& type = member(object, "fine_tune_type");
  if (type != "lora" && type != "dora")
    throw std::invalid_argument(
        fmt::format("\"fine_tune_type\" must be \"lora\" or \"dora\", not {}", nn::shown(type)));
  config.type = type == "dora" ? PeftType::dora : PeftType::lora;
  const Json& parameters = member(object, "lora_parameters");
  if (!parameters.is_object()) throw std::invalid_argument("\"lora_parameters\" must be an object");
  for (const auto& [name, value] : parameters.items())
    if (name != "rank" && name != "scale" && name != "dropout" && name != "keys" && name != "alpha")
      throw std::invalid_argument(
          fmt::format("{} = {} is not supported", nn::printable(name), nn::shown(value)));
  config.spec.rank = nn::count_at<std::int32_t>(parameters, "rank");
  if (config.spec.rank < 1) throw std::invalid_argument("\"rank\" is 0");
  config.spec.alpha = finite_number(parameters, "scale") * static_cast<double>(config.spec.rank);
  config.spec.init = Init::kaiming_uniform;
  if (parameters.contains("dropout")) config.spec.dropout = finite_number(parameters, "dropout");
  if (object.contains("model") && object["model"].is_string())
    config.base_model = object["model"].get<std::string>();
  return config;
}

}  // namespace

PortableAdapter read_mlx(const fs::path& folder) {
  const std::string text = read_beside(folder, mlx_config_name);
  PortableAdapter adapter;
  try {
    adapter.config = parse_mlx_config(text);
  } catch (const std::invalid_argument& error) {
    throw AdapterError(folder / mlx_config_name, error.what());
  }
  const fs::path weights = folder / mlx_weights_name;
  if (!nn::is_there(weights))
    throw AdapterError(folder, fmt::format("there is no {}", mlx_weights_name));
  std::set<std::string> modules;
  for (const auto& [name, tensor] : read_tensors(weights)) {
    const auto [module, factor] = split_name(name);
    if (!in_layer(module))
      throw AdapterError(weights, fmt::format("{} is in no layer of LLaMA: model.layers.<i>.<key>",
                                              nn::printable(name)));
    modules.insert(module);
    const std::string key = std::string(peft_prefix) + module;
    if (factor == "lora_a" && tensor.value.shape.rank() == 2)
      adapter.tensors[key + ".lora_A.weight"] = transposed(tensor);
    else if (factor == "lora_b" && tensor.value.shape.rank() == 2)
      adapter.tensors[key + ".lora_B.weight"] = transposed(tensor);
    else if (factor == "m" && tensor.value.shape.rank() == 1)
      adapter.tensors[key + ".lora_magnitude_vector"] = tensor;
    else
      throw AdapterError(
          weights, fmt::format("{} {} is no part of an adapter, which has lora_a, lora_b and m",
                               nn::printable(name), tensor.value.shape.str()));
  }
  adapter.config.targets.names = {modules.begin(), modules.end()};
  adapter.config.task = "CAUSAL_LM";
  try {
    parts_of(adapter, "MLX");
  } catch (const std::invalid_argument& error) {
    throw AdapterError(weights, error.what());
  }
  return adapter;
}

namespace {

// How many of the last layers are adapted, and the keys that all of them have.
struct Extent {
  Index count;
  std::set<std::string> keys;
};
Extent extent_of(const std::vector<AdapterModule>& modules, Index layers) {
  std::map<Index, std::set<std::string>> keys;
  Extent extent{0, {}};
  for (const AdapterModule& module : modules) {
    const auto place = in_layer(module.name);
    if (!place || module.is_table)
      throw std::invalid_argument(
          fmt::format("{} is in no layer of LLaMA, and MLX adapts layers", nn::plain(module.name)));
    if (place->layer >= layers)
      throw std::invalid_argument(
          fmt::format("{} is in no model of {} layers", nn::plain(module.name), layers));
    keys[place->layer].insert(place->key);
    extent.keys.insert(place->key);
    extent.count = std::max(extent.count, layers - place->layer);
  }
  for (Index i = layers - extent.count; i < layers; ++i)
    for (const std::string& key : extent.keys)
      if (!keys[i].contains(key))
        throw std::invalid_argument(fmt::format(
            "model.layers.{}.{} is not adapted, and MLX adapts the same of each of the last layers",
            i, nn::plain(key)));
  return extent;
}

nlohmann::json mlx_config(const PeftConfig& config, const LoraSpec& spec, const Extent& extent) {
  nlohmann::json object;  // sorts its keys
  object["fine_tune_type"] = config.type == PeftType::dora ? "dora" : "lora";
  object["num_layers"] = extent.count;
  object["lora_parameters"] = {{"rank", spec.rank},
                               {"scale", scale(spec.scaling, spec.alpha, spec.rank)},
                               {"dropout", spec.dropout},
                               {"keys", extent.keys}};
  if (!config.base_model.empty()) object["model"] = config.base_model;
  return object;
}

}  // namespace

void write_mlx(const fs::path& folder, const PortableAdapter& adapter, Index layers) {
  std::string bytes, text;
  try {
    const AdapterParts parts = parts_of(adapter, "MLX");
    if (!parts.others.empty())
      throw std::invalid_argument(
          fmt::format("{} has no place in MLX's form, which has A and B alone",
                      nn::plain(parts.others.begin()->first)));
    check_is_common(parts.modules, "MLX");
    const Extent extent = extent_of(parts.modules, layers);
    std::map<std::string, PortableTensor> tensors;
    for (const AdapterModule& module : parts.modules) {
      tensors[module.name + ".lora_a"] = transposed(*module.A);
      tensors[module.name + ".lora_b"] = transposed(*module.B);
      if (module.magnitude) tensors[module.name + ".m"] = *module.magnitude;
    }
    bytes = tensor_bytes(tensors, {});
    text = mlx_config(adapter.config, parts.modules.front().spec, extent).dump(2) + "\n";
  } catch (const std::invalid_argument& error) {
    throw AdapterError(error.what());
  }
  nn::create_folders(folder);
  nn::write_file_atomically(folder / mlx_weights_name, bytes);
  nn::write_file_atomically(folder / mlx_config_name, text);
}

}  // namespace lora::inline LOWRANK_PRECISION
