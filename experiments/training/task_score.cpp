#include "experiments/training/task_score.h"

#include <fmt/format.h>

#include <algorithm>

namespace experiments::training {

static TaskScore task_score(std::span<const data::Example> examples, const nn::Score& s) {
  const bool one_token = std::all_of(examples.begin(), examples.end(),
                                     [](const data::Example& e) { return e.target_count == 1; });
  return {.metric = one_token ? "accuracy" : "exact_match",
          .value = static_cast<double>(s.exact) / static_cast<double>(s.rows),
          .nll = s.nll / s.weight,
          .examples = s.rows};
}

TaskScore score_task(nn::Model& model, std::span<const data::Example> examples,
                     const OnAnswer& on_answer) {
  return task_score(examples, evaluate(model, examples, on_answer));
}

TaskScore score_task_or_nan(nn::Model& model, std::span<const data::Example> examples) {
  return task_score(examples, evaluate_or_nan(model, examples));
}

std::string to_string(const TaskScore& score) {
  return fmt::format("{} {:.2f} % of {} test examples, {:.4f} nats per target token",
                     score.metric == "accuracy" ? "accuracy" : "exact match", 100 * score.value,
                     score.examples, score.nll);
}

}  // namespace experiments::training
