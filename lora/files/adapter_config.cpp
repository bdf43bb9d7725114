#include "lora/files/adapter_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "lora/files/config_values.h"

namespace lora::inline LOWRANK_PRECISION {
namespace {

using nn::Json;

// They say where an adapter comes from, or belong to switches that are members of their own.
constexpr std::array<std::string_view, 7> informs{
    "auto_mapping",      "inference_mode", "megatron_core", "peft_version",
    "qalora_group_size", "revision",       "task_type"};

Index rank_from(const std::string& name, const Json& value) {
  if (!nn::is_whole<Index>(value) || value < 1)
    wrong_member(name, value, "a positive whole number");
  return value.get<Index>();
}

// Not a regular expression: one from a stranger's file could take forever to match.
std::string module_from(const std::string& name, const Json& value) {
  const auto ordinary = [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
           c == '.' || c == '-';
  };
  const std::string text = value.is_string() ? value.get<std::string>() : "";
  if (text.empty() || text.size() > 200 || !std::all_of(text.begin(), text.end(), ordinary))
    wrong_member(name, value, "the name of a module, or what a name ends with");
  return text;
}

std::vector<std::string> targets_from(const std::string& name, const Json& value) {
  if (!value.is_array() || value.empty()) wrong_member(name, value, "a list of names");
  std::vector<std::string> targets;
  for (const Json& entry : value) targets.push_back(module_from(name, entry));
  return targets;
}

template <class Read>
auto pattern_from(const std::string& name, const Json& value, Read read) {
  std::vector<std::pair<std::string, decltype(read(name, value))>> pattern;
  if (!value.is_object() && !value.is_null()) wrong_member(name, value, "an object");
  for (const auto& [key, number] : value.items())
    pattern.emplace_back(module_from(name, key), read(name, number));
  return pattern;
}

// The values with which A and B were made are in the file; only what changes W0 too matters.
Init init_from(const std::string& name, const Json& value) {
  if (value == "gaussian") return Init::gaussian;
  if (!value.is_boolean()) wrong_member(name, value, "true, false or \"gaussian\"");
  return Init::kaiming_uniform;
}

void read_member(const std::string& name, const Json& value, AdapterConfig& config) {
  LoraConfig& lora = config.lora;
  if (name == "peft_type") {
    if (value != "LORA") wrong_member(name, value, "\"LORA\"");
  } else if (name == "r") {
    lora.spec.rank = rank_from(name, value);
  } else if (name == "lora_alpha") {
    lora.spec.alpha = real_from(name, value);
  } else if (name == "target_modules") {
    lora.targets = targets_from(name, value);
  } else if (name == "use_rslora") {
    lora.spec.scaling = flag_from(name, value) ? Scaling::alpha_over_sqrt_r : Scaling::alpha_over_r;
  } else if (name == "lora_dropout") {
    lora.spec.dropout = real_from(name, value);
  } else if (name == "init_lora_weights") {
    lora.spec.init = init_from(name, value);
  } else if (name == "rank_pattern") {
    lora.rank_pattern = pattern_from(name, value, rank_from);
  } else if (name == "alpha_pattern") {
    lora.alpha_pattern = pattern_from(name, value, real_from);
  } else if (name == "bias") {
    if (value != "none") wrong_member(name, value, "\"none\"");
  } else if (name == "base_model_name_or_path") {
    if (!value.is_string() && !value.is_null()) wrong_member(name, value, "a string or null");
    config.base_model = value.is_string() ? value.get<std::string>() : "";
  } else if (std::find(informs.begin(), informs.end(), name) == informs.end() && !is_off(value)) {
    throw std::invalid_argument(
        fmt::format("{} = {} is not supported", nn::shown(name), nn::shown(value)));
  }
}

}  // namespace

std::string to_json(const AdapterConfig& config) {
  const LoraConfig& lora = config.lora;
  nlohmann::json object;  // sorts its keys
  object["alpha_pattern"] = nlohmann::json::object();
  for (const auto& [name, alpha] : lora.alpha_pattern)
    object["alpha_pattern"][name] = short_number(alpha);
  object["base_model_name_or_path"] = config.base_model;
  object["bias"] = "none";
  object["fan_in_fan_out"] = false;
  object["inference_mode"] = true;
  if (lora.spec.init == Init::gaussian)
    object["init_lora_weights"] = "gaussian";
  else
    object["init_lora_weights"] = true;
  object["lora_alpha"] = short_number(lora.spec.alpha);
  object["lora_dropout"] = lora.spec.dropout;
  object["peft_type"] = "LORA";
  object["r"] = lora.spec.rank;
  object["rank_pattern"] = nlohmann::json::object();
  for (const auto& [name, rank] : lora.rank_pattern) object["rank_pattern"][name] = rank;
  object["target_modules"] = lora.targets;
  object["task_type"] = nullptr;
  if (!config.task.empty()) object["task_type"] = config.task;
  object["use_rslora"] = lora.spec.scaling == Scaling::alpha_over_sqrt_r;
  return object.dump(2) + "\n";
}

AdapterConfig parse_adapter_config(std::string_view text) {
  const Json object = nn::parse_json_object(text);
  for (const char* name : {"peft_type", "r", "lora_alpha", "target_modules"})
    if (!object.contains(name)) throw std::invalid_argument(fmt::format("has no \"{}\"", name));
  AdapterConfig config;
  for (const auto& [name, value] : object.items()) read_member(name, value, config);
  return config;
}

}  // namespace lora::inline LOWRANK_PRECISION
