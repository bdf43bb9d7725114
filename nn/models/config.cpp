#include "nn/models/config.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <sstream>

namespace nn::inline LOWRANK_PRECISION {

const Json* ConfigReader::find(const char* name) const {
  const auto found = object_->find(name);
  return found == object_->end() || found->is_null() ? nullptr : &*found;
}

void ConfigReader::wrong(const char* name, const Json& value, const char* wanted) const {
  throw ConfigError(fmt::format("\"{}\" is {}, where {} is wanted", name, shown(value), wanted));
}

static ConfigError missing(const char* name) {
  return ConfigError(fmt::format("there is no \"{}\"", name));
}

Index ConfigReader::count(const char* name, std::optional<Index> otherwise) const {
  const Json* value = find(name);
  if (!value && !otherwise) throw missing(name);
  if (!value) return *otherwise;
  // What is larger is no model that fits anywhere; products of two of them are still numbers.
  constexpr Index most = 1 << 24;
  if (!is_whole<Index>(*value) || *value < 1 || *value > most)
    wrong(name, *value, "a whole number from 1 to 2^24");
  return value->get<Index>();
}

Index ConfigReader::count_dividing(const char* name, const char* whole) const {
  const Index part = count(name), all = count(whole);
  if (all % part != 0)
    throw ConfigError(fmt::format("\"{}\" {} does not divide \"{}\" {}", name, part, whole, all));
  return part;
}

std::optional<int> ConfigReader::id(const char* name) const {
  const Json* value = find(name);
  if (!value) return {};
  if (!is_whole<std::int32_t>(*value)) wrong(name, *value, "an id");
  return value->get<int>();
}

Index ConfigReader::whole(const char* name, Index otherwise) const {
  const Json* value = find(name);
  if (value && !is_whole<std::int32_t>(*value)) wrong(name, *value, "a whole number");
  return value ? value->get<Index>() : otherwise;
}

double ConfigReader::number(const char* name, std::optional<double> otherwise) const {
  const Json* value = find(name);
  if (!value && !otherwise) throw missing(name);
  if (value && !value->is_number()) wrong(name, *value, "a number");
  return value ? value->get<double>() : *otherwise;
}

double ConfigReader::positive(const char* name, std::optional<double> otherwise) const {
  const double x = number(name, otherwise);
  if (!(x > 0) || !std::isfinite(x)) wrong(name, x, "a number above 0");
  return x;
}

double ConfigReader::probability(const char* name, double otherwise) const {
  const double p = number(name, otherwise);
  if (!(p >= 0 && p < 1)) wrong(name, p, "a probability below 1");
  return p;
}

bool ConfigReader::flag(const char* name, bool otherwise) const {
  const Json* value = find(name);
  if (value && !value->is_boolean()) wrong(name, *value, "true or false");
  return value ? value->get<bool>() : otherwise;
}

std::string ConfigReader::text(const char* name, const std::string& otherwise) const {
  const Json* value = find(name);
  if (value && !value->is_string()) wrong(name, *value, "a text");
  return value ? value->get<std::string>() : otherwise;
}

std::vector<std::string> ConfigReader::words(const char* name, char between) const {
  const Json* value = find(name);
  std::vector<std::string> words;
  if (!value) return words;
  if (value->is_string()) {
    std::istringstream text(value->get<std::string>());
    for (std::string word; std::getline(text, word, between);) words.push_back(word);
    return words;
  }
  const auto is_text = [](const Json& one) { return one.is_string(); };
  if (!value->is_array() || !std::ranges::all_of(*value, is_text)) wrong(name, *value, "texts");
  return value->get<std::vector<std::string>>();
}

Activation ConfigReader::activation(const char* name, const std::string& otherwise) const {
  try {
    return parse_activation(text(name, otherwise));
  } catch (const std::invalid_argument& error) {
    throw ConfigError(fmt::format("\"{}\": {}", name, error.what()));
  }
}

std::optional<ConfigReader> ConfigReader::object(const char* name) const {
  const Json* value = find(name);
  if (value && !value->is_object()) wrong(name, *value, "an object");
  return value ? std::optional(ConfigReader(*value)) : std::nullopt;
}

void ConfigReader::only(const char* name, std::initializer_list<Json> known) const {
  const Json* value = find(name);
  if (!value) return;
  std::vector<std::string> texts;
  for (const Json& one : known) {
    if (*value == one) return;
    texts.push_back(shown(one));
  }
  throw ConfigError(fmt::format("\"{}\" is {}, which is not computed here; what is: {}", name,
                                shown(*value), fmt::join(texts, ", ")));
}

static std::optional<Head> head_of(const std::string& architecture) {
  const auto ends = [&](const char* end) { return architecture.ends_with(end); };
  if (ends("ForSequenceClassification")) return Head::classifier;
  if (ends("ForMaskedLM")) return Head::masked;
  if (ends("ForCausalLM") || ends("LMHeadModel")) return Head::causal;
  if (ends("Model") && !ends("DoubleHeadsModel")) return Head::none;
  return {};
}

Head ConfigReader::head(std::initializer_list<Head> known) const {
  const Json* value = find("architectures");
  if (!value) return Head::none;
  if (!value->is_array() || value->size() != 1 || !value->front().is_string())
    wrong("architectures", *value, "a list of one name");
  const std::optional<Head> head = head_of(value->front().get<std::string>());
  if (!head || std::ranges::find(known, *head) == known.end())
    throw ConfigError(
        fmt::format("\"architectures\" is {}, which is not computed here", shown(value->front())));
  return *head;
}

void ConfigReader::only_plain() const {
  if (find("quantization_config"))
    throw ConfigError("\"quantization_config\": quantised weights are not computed with here");
  only("problem_type", {"single_label_classification"});
  only("is_encoder_decoder", {false});
}

Index ConfigReader::labels() const {
  const Json* names = find("id2label");
  if (names && names->is_object() && !names->empty()) return static_cast<Index>(names->size());
  return count("num_labels", 2);
}

// With rope_type llama3 (Dubey et al. 2024) slow turns, of which only a few fit into the context of
// pre-training, are made slower by `factor`, fast ones stay, and between them both are mixed.
static double stretched(double theta, const ConfigReader& rope) {
  const double factor = rope.positive("factor"), low = rope.positive("low_freq_factor");
  const double high = rope.positive("high_freq_factor");
  if (!(high > low)) throw ConfigError("\"high_freq_factor\" must be above \"low_freq_factor\"");
  const double context = rope.positive("original_max_position_embeddings");
  const double turns = context * theta / (2 * std::numbers::pi);
  const double s = std::clamp((turns - low) / (high - low), 0.0, 1.0);
  return (1 - s) * theta / factor + s * theta;
}

std::vector<double> ConfigReader::rotary_frequencies(Index head_size) const {
  std::optional<ConfigReader> rope = object("rope_parameters");
  if (!rope) rope = object("rope_scaling");
  const ConfigReader& from = rope ? *rope : *this;
  const double base = from.positive("rope_theta", positive("rope_theta", 10000));
  const std::string type =
      rope ? rope->text("rope_type", rope->text("type", "default")) : "default";
  if (type != "default" && type != "llama3")
    throw ConfigError(
        fmt::format("\"rope_type\" is {}, which is not computed here; what is: "
                    "\"default\", \"llama3\"",
                    shown(type)));
  from.only("partial_rotary_factor", {1});
  std::vector<double> frequencies;
  for (Index j = 0; j < head_size / 2; ++j) {
    const double theta = std::pow(base, -2 * double(j) / double(head_size));
    frequencies.push_back(type == "llama3" ? stretched(theta, *rope) : theta);
  }
  return frequencies;
}

}  // namespace nn::inline LOWRANK_PRECISION
