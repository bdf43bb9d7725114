#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace experiments::finetune {

/// How a model is fine-tuned: AdamW, a linear warm-up and then linearly to zero.
struct Recipe {
  int epochs = 3;
  std::optional<long> steps = {};  ///< in place of epochs
  int batch = 8;                   ///< rows
  int parts = 1;                   ///< in which a batch is computed, to take less memory
  double lr = 5e-4;                ///< the peak
  double lr_ratio = 1;             ///< LoRA's B learns with so many times the rate of A (LoRA+)
  double warmup = 0.06;            ///< below 1: that part of the steps; from 1 on: steps
  double weight_decay = 0.01;      ///< of matrices; vectors, which are biases and norms, have none
  double label_smoothing = 0;
  double clip = 1;  ///< of the gradients' joint norm

  long steps_of(long per_epoch) const { return steps.value_or(epochs * per_epoch); }
  long warmup_steps(long steps) const;
};

/// The training values that the paper gives for a data set, by the names of the options.
struct PaperRecipe {
  std::string name, source;
  std::vector<std::pair<std::string, std::string>> values;  ///< {"--rank", "4"}
};

/// "e2e". Throws std::invalid_argument naming the valid ones.
const PaperRecipe& paper_recipe(std::string_view name);

}  // namespace experiments::finetune
