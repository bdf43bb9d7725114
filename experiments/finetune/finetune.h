#pragma once

#include <atomic>
#include <filesystem>

#include "experiments/finetune/recipe.h"
#include "experiments/finetune/text_score.h"
#include "experiments/training/adapt.h"

namespace experiments::finetune {

using training::StepTaken;

/// What a model is trained on, and scored on meanwhile.
struct FinetuneTexts {
  std::vector<Text> training;
  std::vector<Text> validation = {};  ///< may be empty
  int pad = 0;                        ///< the id that fills rows up
};

/// What a training takes, as one step of it says.
struct Cost {
  double seconds_per_step = 0;   ///< of a batch of mean size
  double seconds_per_score = 0;  ///< of all validation texts, which are scored eleven times
  double peak_mb = 0;            ///< the most memory of the process in a step of the largest batch
};
/// Computes the gradients of the first epoch's largest batch and scores 32 of the validation texts,
/// of all lengths, with the longest among them; moves nothing.
Cost measure_step(nn::Pretrained& model, const FinetuneTexts& texts, const Recipe& recipe,
                  std::uint64_t seed);

/// Before the first step and at ten of the steps.
inline constexpr int times_scored = 11;

/// Where a training keeps its state while it runs, and what tells it from another one.
struct StateFile {
  std::filesystem::path path;
  std::string run;  ///< its settings and what it is trained on
  double seconds_between_saves = 600;
};

/// How a training went.
struct Finetuned {
  std::optional<TextScore> before, after;  ///< on the validation texts, where there are any
  std::string losses;  ///< step,lr,train_nll,validation_nll,validation_score by step, as CSV
  double last_loss = 0;
};

/// Called after a step, with the number of those that another process took.
using OnFinetuneStep = std::function<void(long before, const StepTaken& taken)>;

/// Trains what is trainable in the model. The order of the texts and dropout are drawn from streams
/// that the seed and the step name, so that a training which goes on from its state gives the same
/// bits. At ten of the steps, the last among them, the validation texts are scored. The state is
/// saved every ten minutes, and when `stop` is set, after which training::Stopped is thrown; at the
/// end it stays, for the caller to remove once the result is on disk. Throws
/// nn::NonFiniteGradient, nn::NonFiniteLogits, and what training::load_state throws.
Finetuned finetune(nn::Pretrained& model, const FinetuneTexts& texts, const Recipe& recipe,
                   std::uint64_t seed, const StateFile& state, const std::atomic<bool>& stop,
                   const OnFinetuneStep& on_step = {});

}  // namespace experiments::finetune
