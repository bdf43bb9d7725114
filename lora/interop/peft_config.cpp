#include "lora/interop/peft_config.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>

#include "lora/files/config_values.h"

namespace lora::inline LOWRANK_PRECISION {

std::string to_string(PeftType type) {
  static constexpr std::array names{"LoRA", "DoRA", "AdaLoRA", "VeRA", "PiSSA", "a prompt"};
  return names[static_cast<std::size_t>(type)];
}

namespace {

using nn::Json;

// They say where an adapter comes from, how it was trained, or belong to switches of their own.
constexpr std::array<std::string_view, 30> informing{"auto_mapping",
                                                     "beta1",
                                                     "beta2",
                                                     "d_initial",
                                                     "deltaT",
                                                     "encoder_dropout",
                                                     "encoder_hidden_size",
                                                     "encoder_num_layers",
                                                     "encoder_reparameterization_type",
                                                     "ensure_weight_tying",
                                                     "inference_mode",
                                                     "init_weights",
                                                     "megatron_core",
                                                     "num_attention_heads",
                                                     "num_layers",
                                                     "peft_version",
                                                     "projection_prng_key",
                                                     "prompt_tuning_init",
                                                     "prompt_tuning_init_text",
                                                     "qalora_group_size",
                                                     "revision",
                                                     "save_projection",
                                                     "target_r",
                                                     "tfinal",
                                                     "tinit",
                                                     "token_dim",
                                                     "tokenizer_kwargs",
                                                     "tokenizer_name_or_path",
                                                     "total_step",
                                                     "runtime_config"};

Index count_from(const std::string& name, const Json& value) {
  if (!nn::is_whole<Index>(value) || value < 1 || value > 1'000'000)
    wrong_member(name, value, "a whole number from 1 to 1000000");
  return value.get<Index>();
}

std::string text_from(const std::string& name, const Json& value) {
  if (!value.is_string()) wrong_member(name, value, "a text");
  return value.get<std::string>();
}

std::vector<std::string> texts_from(const std::string& name, const Json& value) {
  if (!value.is_array()) wrong_member(name, value, "a list of names");
  std::vector<std::string> texts;
  for (const Json& entry : value) {
    if (!entry.is_string() || entry == "") wrong_member(name, value, "a list of names");
    texts.push_back(entry.get<std::string>());
  }
  return texts;
}

// A text is a regular expression for whole names, a list has names.
ModuleChoice modules_from(const std::string& name, const Json& value) {
  ModuleChoice choice;
  if (!value.is_string())
    choice.names = texts_from(name, value);
  else if (value == "all-linear")
    choice.all_linear = true;
  else
    choice.pattern = value.get<std::string>();
  return choice;
}

std::vector<Index> layers_from(const std::string& name, const Json& value) {
  std::vector<Index> layers;
  for (const Json& entry : value.is_array() ? value : Json::array({value})) {
    if (!nn::is_whole<Index>(entry)) wrong_member(name, value, "numbers of layers");
    layers.push_back(entry.get<Index>());
  }
  return layers;
}

template <class Read>
auto keys_from(const std::string& name, const Json& value, Read read) {
  std::vector<std::pair<std::string, decltype(read(name, value))>> keys;
  if (!value.is_object()) wrong_member(name, value, "an object");
  for (const auto& [key, number] : value.items()) keys.emplace_back(key, read(name, number));
  return keys;
}

// {"path.lora_E": [true, false, ...]}
std::map<std::string, std::vector<bool>> masks_from(const std::string& name, const Json& value) {
  std::map<std::string, std::vector<bool>> kept;
  if (!value.is_object()) wrong_member(name, value, "an object");
  for (const auto& [key, mask] : value.items()) {
    if (!mask.is_array()) wrong_member(name, mask, "a list of true and false for each module");
    std::vector<bool>& directions = kept[key.substr(0, key.rfind('.'))];
    for (const Json& entry : mask) directions.push_back(flag_from(name, entry));
  }
  return kept;
}

Biases biases_from(const std::string& name, const Json& value) {
  if (value == "none") return Biases::none;
  if (value == "all") return Biases::all;
  if (value == "lora_only" || value == "vera_only") return Biases::of_targets;
  wrong_member(name, value, R"("none", "all" or "lora_only")");
}

PeftType type_from(const Json& object) {
  const auto found = object.find("peft_type");
  if (found == object.end()) throw std::invalid_argument("has no \"peft_type\"");
  const Json& value = *found;
  if (value == "LORA") return PeftType::lora;
  if (value == "ADALORA") return PeftType::adalora;
  if (value == "VERA") return PeftType::vera;
  if (value == "PROMPT_TUNING" || value == "P_TUNING") return PeftType::prompt;
  const char* why = "";
  if (value == "PREFIX_TUNING")
    why = ": keys and values of its own for every layer have no place in these models";
  if (value == "IA3") why = ": factors of activations have no place in these models";
  throw std::invalid_argument(
      fmt::format("\"peft_type\" = {} is not supported{}; LORA, ADALORA, VERA, PROMPT_TUNING and "
                  "P_TUNING are",
                  nn::shown(value), why));
}

// The values that A and B started with are not asked for: those they have now are in the file. Some
// starts also change the base, and only PiSSA's change can be followed.
void read_start(const std::string& name, const Json& value, PeftConfig& config) {
  if (value == "pissa")
    config.type = config.type == PeftType::lora ? PeftType::pissa : config.type;
  else if (value == "gaussian")
    config.spec.init = Init::gaussian;
  else if (!value.is_boolean() && value != "orthogonal" && value != "eva")
    throw std::invalid_argument(fmt::format(
        "{} = {} is not supported, as it may change the base; true, false, \"gaussian\", "
        "\"orthogonal\", \"eva\" and \"pissa\" are, and PEFT saves others as LoRA with "
        "path_initial_model_for_weight_conversion",
        nn::printable(name), nn::shown(value)));
}

void read_peft_member(const std::string& name, const Json& value, PeftConfig& config) {
  const bool is_adalora = config.type == PeftType::adalora, is_vera = config.type == PeftType::vera;
  if (name == "peft_type") {
    // known already
  } else if (name == (is_adalora ? "init_r" : "r")) {
    config.spec.rank = count_from(name, value);
  } else if (name == "r" && is_adalora) {
    // the rank of a LoRA that it does not have
  } else if (name == "lora_alpha") {
    config.spec.alpha = real_from(name, value);
  } else if (name == (is_vera ? "vera_dropout" : "lora_dropout")) {
    config.spec.dropout = real_from(name, value);
  } else if (name == "use_rslora") {
    if (flag_from(name, value)) config.spec.scaling = Scaling::alpha_over_sqrt_r;
  } else if (name == "use_dora") {
    if (flag_from(name, value)) config.type = PeftType::dora;
  } else if (name == "init_lora_weights") {
    read_start(name, value, config);
  } else if (name == "orth_reg_weight") {
    config.orthogonality = real_from(name, value);
  } else if (name == "bias") {
    config.biases = biases_from(name, value);
  } else if (name == "fan_in_fan_out") {
    config.fan_in_fan_out = flag_from(name, value);
  } else if (name == "num_virtual_tokens") {
    config.prompt = count_from(name, value);
  } else if (name == "num_transformer_submodules") {
    if (!value.is_null() && value != 1) wrong_member(name, value, "1");
  } else if (is_off(value)) {
    // the members below, and any other, are then not in use
  } else if (name == "target_modules") {
    config.targets = modules_from(name, value);
  } else if (name == "exclude_modules") {
    config.excluded = modules_from(name, value);
  } else if (name == "layers_to_transform") {
    config.layers = layers_from(name, value);
  } else if (name == "layers_pattern") {
    config.layers_pattern =
        value.is_string() ? std::vector{value.get<std::string>()} : texts_from(name, value);
  } else if (name == "rank_pattern" && is_adalora) {
    config.kept = masks_from(name, value);
  } else if (name == "rank_pattern") {
    config.rank_pattern = keys_from(name, value, count_from);
  } else if (name == "alpha_pattern") {
    config.alpha_pattern = keys_from(name, value, real_from);
  } else if (name == "modules_to_save") {
    config.saved_modules = texts_from(name, value);
  } else if (name == "base_model_name_or_path") {
    config.base_model = text_from(name, value);
  } else if (name == "task_type") {
    config.task = text_from(name, value);
  } else if (std::ranges::find(informing, name) == informing.end()) {
    throw std::invalid_argument(
        fmt::format("{} = {} is not supported", nn::printable(name), nn::shown(value)));
  }
}

void check_whole(const PeftConfig& config, const Json& object) {
  const bool is_prompt = config.type == PeftType::prompt;
  if (is_prompt && config.prompt == 0) throw std::invalid_argument("has no \"num_virtual_tokens\"");
  if (!is_prompt && config.targets.empty())
    throw std::invalid_argument("has no \"target_modules\"");
  if (config.type == PeftType::dora && object.value("init_lora_weights", Json()) == "pissa")
    throw std::invalid_argument(
        "\"use_dora\" beside \"init_lora_weights\" = \"pissa\" is not supported");
  if (!config.layers.empty() && config.targets.names.empty())
    throw std::invalid_argument(
        "\"layers_to_transform\" chooses among names, but \"target_modules\" is a text");
  if (!config.layers_pattern.empty() && config.layers.empty())
    throw std::invalid_argument("\"layers_pattern\" is there without \"layers_to_transform\"");
  const bool patterns = !config.rank_pattern.empty() || !config.alpha_pattern.empty();
  if (patterns && (config.type == PeftType::adalora || config.type == PeftType::vera))
    throw std::invalid_argument(fmt::format("a pattern of ranks or alphas for {} is not supported",
                                            to_string(config.type)));
}

Index default_rank(PeftType type) {
  if (type == PeftType::adalora) return 12;
  return type == PeftType::vera ? 256 : 8;
}

}  // namespace

PeftConfig parse_peft_config(std::string_view text) {
  const Json object = nn::parse_json_object(text);
  PeftConfig config;
  config.type = type_from(object);
  config.spec.rank = default_rank(config.type);
  if (config.type == PeftType::adalora) config.orthogonality = default_orthogonality;
  config.spec.init = Init::kaiming_uniform;
  for (const auto& [name, value] : object.items()) read_peft_member(name, value, config);
  check_whole(config, object);
  return config;
}

namespace {

const char* bias_name(Biases biases, const char* of_targets) {
  if (biases == Biases::none) return "none";
  return biases == Biases::all ? "all" : of_targets;
}

nlohmann::json choice_json(const ModuleChoice& choice) {
  if (choice.all_linear) return "all-linear";
  if (!choice.pattern.empty()) return choice.pattern;
  return choice.names;
}

void write_lora(const PeftConfig& config, nlohmann::json& object) {
  object["lora_alpha"] = short_number(config.spec.alpha);
  object["lora_dropout"] = config.spec.dropout;
  object["fan_in_fan_out"] = config.fan_in_fan_out;
  object["exclude_modules"] = config.excluded.empty() ? nullptr : choice_json(config.excluded);
  object["layers_to_transform"] = nullptr;
  if (!config.layers.empty()) object["layers_to_transform"] = config.layers;
  object["layers_pattern"] = nullptr;
  if (!config.layers_pattern.empty()) object["layers_pattern"] = config.layers_pattern;
  object["bias"] = bias_name(config.biases, "lora_only");
  if (config.type == PeftType::adalora) {
    object["peft_type"] = "ADALORA";
    object["init_r"] = object["target_r"] = config.spec.rank;
    object["tinit"] = object["tfinal"] = 0;  // PEFT wants a schedule
    object["total_step"] = object["deltaT"] = 1;
    object["orth_reg_weight"] = config.orthogonality;
    object["rank_pattern"] = nullptr;
    for (const auto& [name, kept] : config.kept) object["rank_pattern"][name + ".lora_E"] = kept;
    return;
  }
  object["peft_type"] = "LORA";
  object["r"] = config.spec.rank;
  object["use_rslora"] = config.spec.scaling == Scaling::alpha_over_sqrt_r;
  object["use_dora"] = config.type == PeftType::dora;
  object["init_lora_weights"] = true;
  if (config.spec.init == Init::gaussian) object["init_lora_weights"] = "gaussian";
  if (config.type == PeftType::pissa) object["init_lora_weights"] = "pissa";
  object["rank_pattern"] = object["alpha_pattern"] = nlohmann::json::object();
  for (const auto& [key, rank] : config.rank_pattern) object["rank_pattern"][key] = rank;
  for (const auto& [key, alpha] : config.alpha_pattern)
    object["alpha_pattern"][key] = short_number(alpha);
}

void write_vera(const PeftConfig& config, nlohmann::json& object) {
  object["peft_type"] = "VERA";
  object["r"] = config.spec.rank;
  object["vera_dropout"] = config.spec.dropout;
  object["fan_in_fan_out"] = config.fan_in_fan_out;
  object["save_projection"] = true;
  object["projection_prng_key"] = 0;
  object["bias"] = bias_name(config.biases, "vera_only");
}

}  // namespace

std::string to_json(const PeftConfig& config) {
  nlohmann::json object;  // sorts its keys
  object["base_model_name_or_path"] = config.base_model;
  object["inference_mode"] = true;
  object["task_type"] = nullptr;
  if (config.task) object["task_type"] = *config.task;
  object["modules_to_save"] = nullptr;
  if (!config.saved_modules.empty()) object["modules_to_save"] = config.saved_modules;
  if (config.type == PeftType::prompt) {
    object["peft_type"] = "PROMPT_TUNING";
    object["num_virtual_tokens"] = config.prompt;
    object["num_transformer_submodules"] = 1;
    return object.dump(2) + "\n";
  }
  object["target_modules"] = choice_json(config.targets);
  config.type == PeftType::vera ? write_vera(config, object) : write_lora(config, object);
  return object.dump(2) + "\n";
}

}  // namespace lora::inline LOWRANK_PRECISION
