#include "experiments/training/pretrain.h"

#include <fmt/format.h>

#include "autograd/random.h"
#include "data/pretraining.h"
#include "data/vocabulary.h"
#include "experiments/training/batches.h"
#include "experiments/training/stopped.h"
#include "nn/files/checkpoint.h"
#include "nn/files/file.h"
#include "nn/files/json.h"
#include "nn/files/numbers.h"
#include "nn/files/safetensors.h"
#include "nn/optimizer.h"

namespace experiments::training {

namespace fs = std::filesystem;

nn::DecoderConfig BaseConfig::default_model() {
  nn::DecoderConfig model;  // 112,960 parameters
  model.vocabulary = data::vocabulary().size();
  model.context = 24;
  return model;
}

std::string to_json(const BaseConfig& c) {
  const nlohmann::json object{{"seed", c.seed},
                              {"steps", c.steps},
                              {"batch", c.batch},
                              {"lr", c.lr},
                              {"warmup", c.warmup},
                              {"beta2", c.beta2},
                              {"weight_decay", c.weight_decay},
                              {"clip", c.clip},
                              {"model", nlohmann::json::parse(nn::to_json(c.model))}};
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
    c.model = nn::decoder_config_from_json(object.at("model").dump());
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

fs::path base_path(const BaseConfig& config, const fs::path& folder) {
  return folder / fmt::format("base-{}.safetensors", hash(config));
}

namespace {

constexpr int tensors_of_state = 3;  // a parameter and its two moments

std::size_t bytes_of_state(nn::Module& model) {
  return static_cast<std::size_t>(tensors_of_state * nn::count(nn::parameters(model))) *
         sizeof(float);
}

// Everything a later process needs to take the next step as this one would have.
void save_state(const fs::path& path, nn::Module& model, nn::Optimizer& optimizer, long done) {
  nn::SafetensorsWriter file;
  file.metadata["steps_done"] = std::to_string(done);
  model.visit("", [&](const std::string& name, nn::Parameter& p) { file.add(name, p.value); });
  optimizer.visit_state([&](const std::string& name, nn::Tensor& t) { file.add(name, t); });
  file.write(path);
}

long steps_done(const nn::SafetensorsFile& file, long steps) {
  const auto found = file.metadata().find("steps_done");
  if (found == file.metadata().end()) return 0;
  const long done = nn::read_whole(found->second).value_or(0);
  return done <= steps ? done : 0;
}

// The number of steps done, 0 where there is no state.
long load_state(const fs::path& path, nn::Decoder& model, nn::Optimizer& optimizer, long steps) {
  std::error_code ignored;
  if (!fs::exists(path, ignored)) return 0;
  const nn::SafetensorsFile file = nn::SafetensorsFile::read(path);
  nn::Shapes wanted;
  for (const auto& [name, shape] : nn::parameter_shapes(model.config))
    wanted[name] = wanted[name + ".state0"] = wanted[name + ".state1"] = shape;
  const std::string problems = nn::difference(file, wanted);
  const long done = steps_done(file, steps);
  if (!problems.empty() || done < 1)
    throw nn::CheckpointError(
        fmt::format("{} is not the state of this base's training; remove it to start over{}{}",
                    path.string(), problems.empty() ? "" : ": ", problems));
  model.visit("", [&](const std::string& name, nn::Parameter& p) { p.set(file.tensor(name)); });
  optimizer.restore(done, [&](const std::string& name) { return file.tensor(name); });
  return done;
}

void train(nn::Decoder& model, const BaseConfig& c, const fs::path& state,
           const StepCallback& on_step, const std::function<bool()>& stop) {
  constexpr long steps_between_saves = 1000;
  nn::AdamW optimizer({{nn::parameters(model), c.weight_decay}}, {.beta2 = c.beta2});
  const nn::Schedule schedule{c.lr, c.warmup, c.steps, nn::Schedule::Decay::cosine};
  nn::Tape tape(autograd::TapeMode::training);
  const long before = load_state(state, model, optimizer, c.steps);

  for (long step = before; step < c.steps; ++step) {
    const auto batch =
        token_batch(data::pretraining_batch(c.seed, static_cast<std::uint64_t>(step), c.batch));
    tape.clear();
    const nn::Var loss = nn::token_loss({tape}, model, batch);
    optimizer.zero_grad();
    tape.backward(loss);
    nn::clip_gradients(optimizer.parameters(), c.clip);
    optimizer.step(schedule.lr(step));

    const long done = step + 1;
    const bool stopping = stop && stop();
    if (stopping || (done % steps_between_saves == 0 && done < c.steps))
      save_state(state, model, optimizer, done);
    if (stopping)
      throw Stopped(fmt::format("stopped after {} of {} steps of the base", done, c.steps));
    if (on_step) on_step(before, done, c.steps);
  }
}

}  // namespace

bool has_base(const BaseConfig& config, const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(base_path(config, folder), ignored);
}

Base load_base(const BaseConfig& config, const fs::path& folder) {
  return {config, nn::load_checkpoint(base_path(config, folder))};
}

Base ensure_base(const BaseConfig& config, const fs::path& folder, const StepCallback& on_step,
                 const std::function<bool()>& stop) {
  const fs::path path = base_path(config, folder);
  if (has_base(config, folder)) return load_base(config, folder);

  const fs::path state = fs::path(path).replace_extension(".state");
  auto model = std::make_shared<nn::Decoder>(config.model, config.seed);
  nn::check_writable(path, bytes_of_state(*model));
  nn::create_folders(folder);
  train(*model, config, state, on_step, stop);
  nn::save_checkpoint(path, *model, {{"base", to_json(config)}});
  std::error_code ignored;
  fs::remove(state, ignored);
  nn::set_trainable(*model, false);
  return {config, std::move(model)};
}

double pretraining_seconds(const BaseConfig& config) {
  const double wider = static_cast<double>(config.model.d_model) / 64;
  const double deeper = static_cast<double>(config.model.layers) / 2;
  return 7e-3 * wider * wider * deeper * static_cast<double>(config.steps);
}

std::vector<std::pair<std::string, double>> base_quality(nn::Model& model, std::uint64_t seed) {
  constexpr int examples_each = 500;
  std::vector<std::pair<std::string, double>> quality;
  for (const data::BaseTask task : data::all_base_tasks) {
    std::vector<data::Example> examples;
    for (std::uint64_t i = 0; i < examples_each; ++i)
      examples.push_back(data::base_example(task, seed, i));
    const nn::Score s = evaluate(model, examples);
    quality.emplace_back(data::to_string(task),
                         static_cast<double>(s.exact) / static_cast<double>(s.rows));
  }
  return quality;
}

std::unique_ptr<nn::Decoder> copy_of(const nn::Decoder& model) {
  auto copy = std::make_unique<nn::Decoder>(model.config, 0);
  // A walk hands each parameter out to be changed; here they are read only.
  const auto from = nn::parameters(const_cast<nn::Decoder&>(model)), to = nn::parameters(*copy);
  for (std::size_t i = 0; i < from.size(); ++i) to[i]->set(from[i]->value);
  return copy;
}

}  // namespace experiments::training
