#include "experiments/training/pretrain.h"

#include <fmt/format.h>

#include "data/pretraining.h"
#include "experiments/training/batches.h"
#include "experiments/training/stopped.h"
#include "experiments/training/take_step.h"
#include "nn/files/checkpoint.h"
#include "nn/files/file.h"
#include "nn/files/numbers.h"
#include "nn/files/safetensors.h"
#include "nn/optimizer.h"
#include "nn/recurrent/recurrent_lm_file.h"

namespace experiments::training {

namespace fs = std::filesystem;

fs::path base_path(const BaseConfig& config, const fs::path& folder) {
  return folder / fmt::format("base-{}.safetensors", hash(config));
}

namespace {

constexpr int tensors_of_state = 3;  // a parameter and its two moments

std::size_t bytes_of_state(nn::Module& model) {
  return static_cast<std::size_t>(tensors_of_state * nn::count(nn::parameters(model))) *
         sizeof(float);
}

data::Batch batch_of_step(const BaseConfig& c, long step) {
  const auto number = static_cast<std::uint64_t>(step);
  return c.until_answered ? data::pretraining_batch(c.until_answered->task, c.seed, number, c.batch)
                          : data::pretraining_batch(c.seed, number, c.batch);
}

// Asked before a step, also before the first one of a process that goes on: which process took the
// steps changes nothing.
bool answers_enough(nn::Model& model, const BaseConfig& c, long done) {
  constexpr long steps_between_checks = 50;
  return c.until_answered && done > 0 && done % steps_between_checks == 0 &&
         held_out_match(model, c.until_answered->task, c.seed) >= c.until_answered->share;
}

void save_model(const fs::path& path, nn::Model& model, const nn::Metadata& metadata) {
  if (auto* recurrent = dynamic_cast<nn::RecurrentLm*>(&model))
    nn::save_checkpoint(path, *recurrent, metadata);
  else
    nn::save_checkpoint(path, dynamic_cast<nn::Decoder&>(model), metadata);
}

// The number of steps that were taken in all.
long train(nn::Model& model, const BaseConfig& c, const fs::path& state,
           const StepCallback& on_step, const std::function<bool()>& stop) {
  constexpr long steps_between_saves = 1000;
  nn::AdamW optimizer({{nn::parameters(model), c.weight_decay}}, {.beta2 = c.beta2});
  const nn::Schedule schedule{
      c.lr, c.warmup, c.steps,
      c.until_answered ? nn::Schedule::Decay::constant : nn::Schedule::Decay::cosine};
  nn::Tape tape(autograd::TapeMode::training);
  const auto saved = load_state(state, model, optimizer, c.steps);
  const long before = saved ? saved->done : 0;

  for (long step = before; step < c.steps; ++step) {
    if (answers_enough(model, c, step)) return step;
    const auto batch = token_batch(batch_of_step(c, step));
    take_step(optimizer, schedule.lr(step), c.clip, [&] {
      tape.clear();
      const nn::Var loss = nn::token_loss({tape}, model, batch);
      tape.backward(loss);
      return static_cast<double>(loss.value().item());
    });

    const long done = step + 1;
    const bool stopping = stop && stop();
    if (stopping || (done % steps_between_saves == 0 && done < c.steps))
      save_state(state, model, optimizer, {.done = done});
    if (stopping)
      throw Stopped(fmt::format("stopped after {} of {} steps of the base", done, c.steps));
    if (on_step) on_step(before, done, c.steps);
  }
  return c.steps;
}

// What a file of a base says of its training beside how it was made.
nn::Metadata metadata_of(const Base& base) {
  nn::Metadata metadata{{"base", to_json(base.config)}};
  if (base.config.until_answered) {
    metadata["steps"] = std::to_string(base.steps);
    metadata["answered"] = fmt::format("{}", base.answered);
  }
  return metadata;
}

void read_metadata(const fs::path& path, Base& base) {
  base.steps = base.config.steps;
  if (!base.config.until_answered) return;
  nn::Metadata metadata = nn::SafetensorsFile::read_header(path).metadata();
  const auto steps = nn::read_whole(metadata["steps"]);
  const auto answered = nn::read_number(metadata["answered"]);
  if (!steps || !answered)
    throw nn::CheckpointError(
        fmt::format("{} does not say after how many steps its base answered how much; remove it to "
                    "make it again",
                    path.string()));
  base.steps = *steps;
  base.answered = *answered;
}

}  // namespace

std::unique_ptr<nn::Model> untrained_model(const BaseConfig& config) {
  if (config.recurrent) return std::make_unique<nn::RecurrentLm>(*config.recurrent, config.seed);
  return std::make_unique<nn::Decoder>(config.model, config.seed);
}

bool has_base(const BaseConfig& config, const fs::path& folder) {
  std::error_code ignored;
  return fs::exists(base_path(config, folder), ignored);
}

Base load_base(const BaseConfig& config, const fs::path& folder) {
  const fs::path path = base_path(config, folder);
  Base base{config, {}};
  if (config.recurrent)
    base.model = nn::load_recurrent_lm(path);
  else
    base.model = nn::load_checkpoint(path);
  read_metadata(path, base);
  return base;
}

Base ensure_base(const BaseConfig& config, const fs::path& folder, const StepCallback& on_step,
                 const std::function<bool()>& stop) {
  const fs::path path = base_path(config, folder);
  if (has_base(config, folder)) return load_base(config, folder);

  const fs::path state = fs::path(path).replace_extension(".state");
  const std::shared_ptr<nn::Model> model = untrained_model(config);
  nn::check_writable(path, bytes_of_state(*model));
  nn::create_folders(folder);
  Base base{config, model};
  base.steps = train(*model, config, state, on_step, stop);
  if (config.until_answered)
    base.answered = held_out_match(*model, config.until_answered->task, config.seed);
  save_model(path, *model, metadata_of(base));
  std::error_code ignored;
  fs::remove(state, ignored);
  nn::set_trainable(*model, false);
  return base;
}

double pretraining_seconds(const BaseConfig& config) {
  const auto times = [](nn::Index size, double usual) { return static_cast<double>(size) / usual; };
  const auto steps = static_cast<double>(config.steps);
  if (const auto& recurrent = config.recurrent)
    return 4e-3 * times(nn::gates(recurrent->kind), 1) * times(recurrent->hidden, 128) *
           times(recurrent->hidden, 128) * times(recurrent->layers, 1) * steps;
  return 7e-3 * times(config.model.d_model, 64) * times(config.model.d_model, 64) *
         times(config.model.layers, 2) * steps;
}

double held_out_match(nn::Model& model, data::BaseTask task, std::uint64_t seed) {
  std::vector<data::Example> examples;
  for (std::uint64_t i = 0; i < 500; ++i) examples.push_back(data::base_example(task, seed, i));
  const nn::Score s = evaluate(model, examples);
  return static_cast<double>(s.exact) / static_cast<double>(s.rows);
}

std::vector<std::pair<std::string, double>> base_quality(nn::Model& model, std::uint64_t seed) {
  std::vector<std::pair<std::string, double>> quality;
  for (const data::BaseTask task : data::all_base_tasks)
    quality.emplace_back(data::to_string(task), held_out_match(model, task, seed));
  return quality;
}

const nn::Decoder& decoder_of(const Base& base) {
  if (const auto* decoder = dynamic_cast<const nn::Decoder*>(base.model.get())) return *decoder;
  throw std::invalid_argument("the base is a recurrent network, and a decoder is wanted");
}

// Of the same configuration.
static void copy_parameters(const nn::Module& model, nn::Module& copy) {
  // A walk hands each parameter out to be changed; here they are read only.
  const auto from = nn::parameters(const_cast<nn::Module&>(model)), to = nn::parameters(copy);
  for (std::size_t i = 0; i < from.size(); ++i) to[i]->set(from[i]->value);
}

std::unique_ptr<nn::Decoder> copy_of(const nn::Decoder& model) {
  auto copy = std::make_unique<nn::Decoder>(model.config, 0);
  copy_parameters(model, *copy);
  return copy;
}

std::unique_ptr<nn::Model> copy_of(const nn::Model& model) {
  if (const auto* decoder = dynamic_cast<const nn::Decoder*>(&model)) return copy_of(*decoder);
  const auto& recurrent = dynamic_cast<const nn::RecurrentLm&>(model);
  auto copy = std::make_unique<nn::RecurrentLm>(recurrent.config, 0);
  copy_parameters(model, *copy);
  return copy;
}

}  // namespace experiments::training
