#pragma once

#include <span>
#include <string>

#include "data/example.h"
#include "experiments/training/batches.h"

namespace experiments::training {

/// How well a model does a task.
struct TaskScore {
  std::string metric;  ///< "accuracy" where every answer is one token, else "exact_match"
  double value = 0;    ///< the share of examples all of whose targets are the most likely token
  double nll = 0;      ///< nats per target token
  long examples = 0;
};

/// `on_answer` gets what the model says for each example: `value` is the share of those that are
/// right, and where all answers are of one length `nll` is the mean of theirs. Throws
/// nn::NonFiniteLogits.
TaskScore score_task(nn::Model& model, std::span<const data::Example> examples,
                     const OnAnswer& on_answer = {});
/// The same of a model that may have diverged: if its logits are not finite, the value is 0 and the
/// nll NaN.
TaskScore score_task_or_nan(nn::Model& model, std::span<const data::Example> examples);

/// "accuracy 97.30 % of 1000 test examples, 0.0812 nats per target token".
std::string to_string(const TaskScore& score);

}  // namespace experiments::training
