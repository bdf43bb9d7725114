#include "experiments/pretrain.h"

#include <fmt/format.h>

#include <chrono>

#include "data/pretraining.h"
#include "data/vocabulary.h"
#include "experiments/batches.h"
#include "experiments/progress.h"
#include "experiments/run_card.h"
#include "experiments/signals.h"
#include "nn/checkpoint.h"
#include "nn/file.h"
#include "nn/optimizer.h"
#include "nn/safetensors.h"

namespace experiments {

namespace fs = std::filesystem;

nn::DecoderConfig BaseConfig::default_model() {
  nn::DecoderConfig model;  // 112,960 parameters
  model.vocabulary = data::vocabulary().size();
  model.context = 24;
  return model;
}

nlohmann::json to_json(const BaseConfig& c) {
  return {{"seed", c.seed},
          {"steps", c.steps},
          {"batch", c.batch},
          {"lr", c.lr},
          {"warmup", c.warmup},
          {"beta2", c.beta2},
          {"weight_decay", c.weight_decay},
          {"clip", c.clip},
          {"model", nlohmann::json::parse(nn::to_json(c.model))}};
}

std::string hash(const BaseConfig& config) { return configuration_hash(to_json(config)); }

fs::path base_path(const BaseConfig& config, const fs::path& folder) {
  return folder / fmt::format("base-{}.safetensors", hash(config));
}

namespace {

// Everything a later process needs to take the next step as this one would have.
void save_state(const fs::path& path, nn::Decoder& model, nn::Optimizer& optimizer, long done) {
  nn::SafetensorsWriter file;
  file.metadata["steps_done"] = std::to_string(done);
  model.visit("", [&](const std::string& name, nn::Parameter& p) { file.add(name, p.value); });
  optimizer.visit_state([&](const std::string& name, nn::Tensor& t) { file.add(name, t); });
  file.write(path);
}

// The number of steps done, 0 where there is no state.
long load_state(const fs::path& path, nn::Decoder& model, nn::Optimizer& optimizer) {
  if (!fs::exists(path)) return 0;
  const nn::SafetensorsFile file = nn::SafetensorsFile::read(path);
  model.visit("", [&](const std::string& name, nn::Parameter& p) { p.value = file.tensor(name); });
  const long done = std::stol(file.metadata().at("steps_done"));
  optimizer.restore(done, [&](const std::string& name) { return file.tensor(name); });
  return done;
}

void train(nn::Decoder& model, const BaseConfig& c, const fs::path& state,
           const StepCallback& on_step, const std::function<bool()>& stop) {
  constexpr long steps_between_saves = 1000;
  nn::AdamW optimizer({{nn::parameters(model), c.weight_decay}}, {.beta2 = c.beta2});
  const nn::Schedule schedule{c.lr, c.warmup, c.steps, nn::Schedule::Decay::cosine};
  nn::Tape tape(autograd::Record::training);
  const long before = load_state(state, model, optimizer);

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

Base ensure_base(const BaseConfig& config, const fs::path& folder, const StepCallback& on_step,
                 const std::function<bool()>& stop) {
  const fs::path path = base_path(config, folder);
  if (fs::exists(path)) return {config, nn::load_checkpoint(path)};

  nn::create_folders(folder);
  const fs::path state = fs::path(path).replace_extension(".state");
  auto model = std::make_shared<nn::Decoder>(config.model, config.seed);
  train(*model, config, state, on_step, stop);
  nn::save_checkpoint(path, *model, {{"base", to_json(config).dump()}});
  std::error_code ignored;
  fs::remove(state, ignored);
  nn::set_trainable(*model, false);
  return {config, std::move(model)};
}

Base base_with_progress(const BaseConfig& config, const fs::path& folder) {
  if (fs::exists(base_path(config, folder))) return ensure_base(config, folder);
  Progress progress;
  progress.message(fmt::format("pre-training the shared base (seed {}, {} steps), once",
                               config.seed, config.steps));
  const SignalWatch watch;
  const auto start = std::chrono::steady_clock::now();
  SweepState state;
  const auto show = [&](long before, long done, long total) {
    const std::chrono::duration<double> elapsed = std::chrono::steady_clock::now() - start;
    state.done = static_cast<int>(done), state.total = static_cast<int>(total);
    state.cost_done = static_cast<double>(done - before);
    state.cost_left = static_cast<double>(total - done);
    state.elapsed = state.seconds_done = elapsed.count();
    if (done % 100 == 0 && done < total) progress.show(state);
  };
  Base base = ensure_base(config, folder, show, [&] { return watch.received() != 0; });
  progress.finish(state);
  return base;
}

std::vector<std::pair<std::string, double>> base_quality(nn::Decoder& model, std::uint64_t seed) {
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

std::unique_ptr<nn::Decoder> copy_of(nn::Decoder& model) {
  auto copy = std::make_unique<nn::Decoder>(model.config, 0);
  const auto from = nn::parameters(model), to = nn::parameters(*copy);
  for (std::size_t i = 0; i < from.size(); ++i) to[i]->value = from[i]->value;
  return copy;
}

}  // namespace experiments
