#include "experiments/harness/bases.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <mutex>
#include <set>

#include "experiments/harness/cell_cost.h"
#include "experiments/harness/progress.h"
#include "experiments/harness/signals.h"
#include "experiments/harness/worker_threads.h"

namespace experiments::harness {

static nn::RecurrentKind kind_of_base(const Cell& cell) {
  return cell.architecture == "lstm" ? nn::RecurrentKind::lstm : nn::RecurrentKind::gru;
}

BaseConfig base_of_cell(const Cell& cell, long steps) {
  if (cell.base_steps > 0) steps = cell.base_steps;
  BaseConfig config =
      is_recurrent(cell)
          ? base_config(cell.base_seed, steps, cell.width, cell.depth, kind_of_base(cell))
          : base_config(cell.base_seed, steps, cell.width, cell.depth);
  if (cell.base == "sqlgen") config.until_answered = UntilAnswered{data::BaseTask::sqlgen};
  return config;
}

std::string shape_text(const BaseConfig& config) {
  if (const auto& recurrent = config.recurrent)
    return fmt::format(", {} of width {}, depth {}", nn::to_string(recurrent->kind),
                       recurrent->hidden, recurrent->layers);
  const nn::DecoderConfig &model = config.model, usual = BaseConfig::default_model();
  std::string text;
  if (model.d_model != usual.d_model) text += fmt::format(", width {}", model.d_model);
  if (model.layers != usual.layers) text += fmt::format(", depth {}", model.layers);
  return text;
}

static std::string training_text(const BaseConfig& config) {
  const std::string shape = shape_text(config);
  const std::string time = duration_text(slowness() * pretraining_seconds(config));
  if (!config.until_answered)
    return fmt::format("pre-training the shared base (seed {}, {} steps{}), once: about {}",
                       config.seed, config.steps, shape, time);
  return fmt::format(
      "pre-training a base on {} alone (seed {}{}) until it answers {:g} %, once: at most {} "
      "steps, about {}",
      data::to_string(config.until_answered->task), config.seed, shape,
      100 * config.until_answered->share, config.steps, time);
}

Base base_with_progress(const BaseConfig& config, const std::filesystem::path& folder) {
  if (has_base(config, folder)) return ensure_base(config, folder);
  TrainingProgress progress(training_text(config));
  const SignalWatch watch;
  const auto show = [&](long before, long done, long total) { progress.step(before, done, total); };
  Base base = ensure_base(config, folder, show, [&] { return watch.received() != 0; });
  progress.finish();
  return base;
}

// A step in one thread takes so many times what it takes in two; measured at the usual width.
constexpr double one_thread_over_two = 1.5;

static std::string training_text(const std::vector<BaseConfig>& configs, int jobs) {
  std::vector<std::uint64_t> seeds;
  double seconds = 0;
  for (const BaseConfig& config : configs) {
    seeds.push_back(config.seed);
    seconds += one_thread_over_two * pretraining_seconds(config);
  }
  return fmt::format("pre-training {} bases (seeds {}), once, {} at a time: about {}",
                     configs.size(), fmt::join(seeds, ", "), jobs,
                     duration_text(slowness() * seconds / jobs));
}

/// Trains bases into the folder beside each other, each in one thread: a step of so small a model
/// gains little from a second one. The longest comes first, and the bar is of all their steps.
static void train_side_by_side(std::vector<BaseConfig> configs, int jobs,
                               const std::filesystem::path& folder) {
  std::sort(configs.begin(), configs.end(), [](const BaseConfig& a, const BaseConfig& b) {
    return std::pair(-pretraining_seconds(a), a.seed) < std::pair(-pretraining_seconds(b), b.seed);
  });
  struct Steps {
    long before = 0, done = 0;
  };
  std::vector<Steps> steps(configs.size());
  long total = 0;
  for (const BaseConfig& config : configs) total += config.steps;

  TrainingProgress progress(training_text(configs, jobs));
  std::mutex mutex;  // of steps and progress
  const auto show = [&](std::size_t i, long before, long done) {
    const std::lock_guard guard(mutex);
    steps[i] = {before, done};
    Steps all;
    for (const Steps& one : steps) all.before += one.before, all.done += one.done;
    progress.step(all.before, all.done, total);
  };
  const SignalWatch watch;
  side_by_side(configs.size(), jobs, [&](std::size_t i) {
    ensure_base(
        configs[i], folder, [&](long before, long done, long) { show(i, before, done); },
        [&] { return watch.received() != 0; });
  });
  progress.finish();
}

static auto key_of(const Cell& cell) {
  return std::tuple(cell.base_seed, cell.architecture, cell.width, cell.depth, cell.base_steps,
                    cell.base);
}

void Bases::prepare(const std::vector<Cell>& cells, int jobs) {
  std::set<Key> seen;
  std::map<std::string, BaseConfig> missing;  // by their hashes: two keys may mean one base
  for (const Cell& cell : cells) {
    if (bases_.contains(key_of(cell)) || !seen.insert(key_of(cell)).second || is_made(cell))
      continue;
    const BaseConfig config = base_of_cell(cell, steps_);
    missing.emplace(hash(config), config);
  }
  std::vector<BaseConfig> configs;
  for (const auto& [name, config] : missing) configs.push_back(config);
  const int at_a_time = std::min(jobs, static_cast<int>(configs.size()));
  if (at_a_time > 1) train_side_by_side(std::move(configs), at_a_time, folder_);
  for (const Cell& cell : cells) prepare(cell);
}

void Bases::prepare(const Cell& cell) {
  if (!has_own_base(cell) || bases_.contains(key_of(cell))) return;
  BaseConfig config = base_of_cell(cell, steps_);
  if (cell.base != "random") {
    bases_[key_of(cell)] = base_with_progress(config, folder_);
    return;
  }
  config.steps = config.warmup = 0;
  std::shared_ptr<nn::Model> model = untrained_model(config);
  nn::set_trainable(*model, false);
  bases_[key_of(cell)] = {config, std::move(model)};
}

bool Bases::is_made(const Cell& cell) const {
  return !has_own_base(cell) || cell.base == "random" ||
         has_base(base_of_cell(cell, steps_), folder_);
}

const Base& Bases::of(const Cell& cell) const {
  const auto found = bases_.find(key_of(cell));
  if (found == bases_.end())
    throw std::logic_error(fmt::format("the base of cell {} was not prepared", cell.key()));
  return found->second;
}

}  // namespace experiments::harness
