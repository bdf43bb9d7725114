#pragma once

#include <filesystem>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "data/pretraining.h"
#include "experiments/namespaces.h"
#include "nn/recurrent/recurrent_lm.h"
#include "nn/transformer.h"

namespace experiments::training {

/// Pre-training on one task alone, which ends as soon as the model answers this share of examples
/// that no step draws. So models that learn at different speeds start an adaptation from the same
/// knowledge.
struct UntilAnswered {
  data::BaseTask task = data::BaseTask::sqlgen;
  double share = 0.99;
};

/// How a base model is made. Everything here changes its weights, so everything is in its hash.
struct BaseConfig {
  std::uint64_t seed = 2;
  long steps = 8000;  ///< with until_answered at most so many
  int batch = 64;
  /// Peak; linear warm-up, then cosine to zero. With until_answered it stays where it is: no end is
  /// known to which it could fall.
  double lr = 3e-3;
  long warmup = 200;
  double beta2 = 0.98;
  double weight_decay = 0.01;
  double clip = 1.0;                                 ///< of the gradients' joint norm
  std::optional<UntilAnswered> until_answered = {};  ///< else all tasks, in their shares
  nn::DecoderConfig model = default_model();
  std::optional<nn::RecurrentLmConfig> recurrent = {};  ///< the model instead of that decoder

  static nn::DecoderConfig default_model();
};

/// The base of this seed and number of steps, with a warm-up of at most a tenth of them.
BaseConfig base_config(std::uint64_t seed, long steps);

/// The same of another width and depth: the learning rate falls as 1/width. Throws
/// std::invalid_argument for a width that is no multiple of a head's, and for no layers.
BaseConfig base_config(std::uint64_t seed, long steps, int width, int depth);

/// The peak rate of a recurrent base of 64 units, which falls as 1/width. Chosen at 128 units by the
/// held-out match of base seed 3, which no experiment uses.
constexpr double recurrent_lr = 1.2e-2;

/// The same on a recurrent network of H = width units in `depth` layers, with recurrent_lr.
BaseConfig base_config(std::uint64_t seed, long steps, int width, int depth,
                       nn::RecurrentKind kind);

/// As JSON text, its keys sorted; without until_answered where there is none. "model" is that of the
/// model that there is, so a base of before keeps its hash.
std::string to_json(const BaseConfig& config);

/// Throws std::invalid_argument for a text that is not what to_json makes of a configuration.
BaseConfig base_config_from_json(std::string_view text);

/// 16 hexadecimal digits that name the base's file.
std::string hash(const BaseConfig& config);

/// A pre-trained base. Cells that run side by side share it, so it is const: even measuring the
/// inputs of its projections would wrap them for a while. Whoever runs or changes it takes copy_of.
struct Base {
  BaseConfig config;
  std::shared_ptr<const nn::Model> model;
  long steps = 0;  ///< that its training took
  /// With until_answered the share of held-out examples that it answered then, else NaN.
  double answered = std::numeric_limits<double>::quiet_NaN();

  /// It was trained until it answered enough, and does not: its steps ran out.
  bool fell_short() const {
    return config.until_answered && answered < config.until_answered->share;
  }
};

/// Its model as it is before the first step.
std::unique_ptr<nn::Model> untrained_model(const BaseConfig& config);

/// Called after every step with the steps done before this process, now, and in all.
using StepCallback = std::function<void(long before, long done, long total)>;

/// The base of this configuration from the cache `folder`, trained first if it is not there.
/// Training saves its whole state (weights, moments, step) now and then, and goes on from it when
/// it was stopped: the weights are then the same bits. A folder that cannot take its files is an
/// nn::FileError before the first step. `stop` is asked after every step; once it
/// says true the state is saved and Stopped is thrown.
Base ensure_base(const BaseConfig& config, const std::filesystem::path& folder,
                 const StepCallback& on_step = {}, const std::function<bool()>& stop = {});

/// The seconds that the training of a base is expected to take: 7 ms a step on two cores of a
/// current machine at two layers, and as many times more as a wider base's matrices are larger and
/// a deeper base has more of them; of a recurrent one 4 ms for each gate of a layer of 128 units. With
/// until_answered it is what all its steps would take, which
/// are the most.
double pretraining_seconds(const BaseConfig& config);

/// Whether the cache has it, and the base from the cache. Throws as nn::load_checkpoint does.
bool has_base(const BaseConfig& config, const std::filesystem::path& folder);
Base load_base(const BaseConfig& config, const std::filesystem::path& folder);

/// Where ensure_base keeps the base of this configuration.
std::filesystem::path base_path(const BaseConfig& config, const std::filesystem::path& folder);

/// Exact match on a pre-training task, a fraction, on 500 examples that no training step drew.
double held_out_match(nn::Model& model, data::BaseTask task, std::uint64_t seed);

/// How well the base does what it was trained on: held_out_match by pre-training task.
std::vector<std::pair<std::string, double>> base_quality(nn::Model& model, std::uint64_t seed);

/// The decoder of a base, for what knows no other model. Throws std::invalid_argument where the base
/// is recurrent.
const nn::Decoder& decoder_of(const Base& base);

/// Another model with the same configuration and weights.
std::unique_ptr<nn::Decoder> copy_of(const nn::Decoder& model);
std::unique_ptr<nn::Model> copy_of(const nn::Model& model);

}  // namespace experiments::training
