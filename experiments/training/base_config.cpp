#include <fmt/format.h>

#include <algorithm>

#include "autograd/random.h"
#include "data/vocabulary.h"
#include "experiments/training/pretrain.h"
#include "nn/files/checkpoint.h"
#include "nn/files/json.h"
#include "nn/recurrent/recurrent_lm_file.h"

namespace experiments::training {

nn::DecoderConfig BaseConfig::default_model() {
  nn::DecoderConfig model;  // 112,960 parameters
  model.vocabulary = data::vocabulary().size();
  model.context = 24;
  return model;
}

std::string to_json(const BaseConfig& c) {
  nlohmann::json object{{"seed", c.seed},
                        {"steps", c.steps},
                        {"batch", c.batch},
                        {"lr", c.lr},
                        {"warmup", c.warmup},
                        {"beta2", c.beta2},
                        {"weight_decay", c.weight_decay},
                        {"clip", c.clip},
                        {"model", nlohmann::json::parse(c.recurrent ? nn::to_json(*c.recurrent)
                                                                    : nn::to_json(c.model))}};
  if (c.until_answered)
    object["until_answered"] = {{"task", data::to_string(c.until_answered->task)},
                                {"share", c.until_answered->share}};
  return object.dump();
}

BaseConfig base_config(std::uint64_t seed, long steps) {
  BaseConfig config;
  config.seed = seed;
  config.steps = steps;
  config.warmup = std::min(config.warmup, steps / 10);
  return config;
}

BaseConfig base_config(std::uint64_t seed, long steps, int width, int depth) {
  constexpr int head_size = 16;
  if (width < head_size || width % head_size != 0)
    throw std::invalid_argument(
        fmt::format("width {}: a multiple of {} is wanted", width, head_size));
  if (depth < 1)
    throw std::invalid_argument(fmt::format("depth {}: at least 1 layer is wanted", depth));
  BaseConfig config = base_config(seed, steps);
  const double wider = static_cast<double>(width) / static_cast<double>(config.model.d_model);
  config.model.d_model = width;
  config.model.heads = width / head_size;
  config.model.d_mlp = 4L * width;
  config.model.layers = depth;
  // With Adam an update of fixed size in each of `width` inputs moves an output `width` times as
  // far.
  config.lr /= wider;
  return config;
}

BaseConfig base_config(std::uint64_t seed, long steps, int width, int depth,
                       nn::RecurrentKind kind) {
  BaseConfig config = base_config(seed, steps);
  config.recurrent = {kind, config.model.vocabulary, config.model.context, width, depth};
  config.lr = recurrent_lr * 64 / width;
  nn::validate(*config.recurrent);
  return config;
}

BaseConfig base_config_from_json(std::string_view text) {
  try {
    const nlohmann::json object = nn::parse_json_object(text);
    BaseConfig c;
    c.seed = nn::count_at<std::uint64_t>(object, "seed");
    c.steps = nn::count_at<long>(object, "steps");
    c.batch = nn::count_at<int>(object, "batch");
    c.lr = object.at("lr").get<double>();
    c.warmup = nn::count_at<long>(object, "warmup");
    c.beta2 = object.at("beta2").get<double>();
    c.weight_decay = object.at("weight_decay").get<double>();
    c.clip = object.at("clip").get<double>();
    if (object.contains("until_answered")) {
      const nlohmann::json& until = object.at("until_answered");
      c.until_answered = {data::parse_base_task(until.at("task").get<std::string>()),
                          until.at("share").get<double>()};
    }
    const nlohmann::json& model = object.at("model");
    if (model.contains("architecture"))
      c.recurrent = nn::recurrent_lm_config_from_json(model.dump());
    else
      c.model = nn::decoder_config_from_json(model.dump());
    if (to_json(c) == object.dump()) return c;
  } catch (const nlohmann::json::exception&) {  // the same message as for a member too many
  } catch (const std::exception& error) {
    throw std::invalid_argument(fmt::format("no configuration of a base: {}", error.what()));
  }
  throw std::invalid_argument("no configuration of a base: members are missing, unknown or wrong");
}

std::string hash(const BaseConfig& config) {
  return fmt::format("{:016x}", autograd::fnv1a(to_json(config)));
}

}  // namespace experiments::training
